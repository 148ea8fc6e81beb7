package stats

import (
	"maps"
	"slices"
	"time"
)

// Measures are the figures of one repetition by name. Names end in their unit.
type Measures map[string]float64

// AddDurations adds the count, median, 99th percentile and maximum of sorted samples, if there are any.
func (m Measures) AddDurations(name string, sorted []time.Duration) {
	if len(sorted) == 0 {
		return
	}
	m[name+"_count"] = float64(len(sorted))
	m[name+"_p50_ms"] = Milliseconds(Percentile(sorted, 50))
	m[name+"_p99_ms"] = Milliseconds(Percentile(sorted, 99))
	m[name+"_max_ms"] = Milliseconds(sorted[len(sorted)-1])
}

// Spread is how a figure came out over the repetitions.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// NewSpread returns the spread of values, of which there is at least one. The median of an even number of values is the
// mean of the two in the middle.
func NewSpread(values []float64) Spread {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return Spread{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1]}
}

// Spreads sums repetitions up, figure by figure. A figure that a repetition lacks counts for those that have it.
func Spreads(repetitions []Measures) map[string]Spread {
	values := map[string][]float64{}
	for _, m := range repetitions {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			values[name] = append(values[name], m[name])
		}
	}
	spreads := make(map[string]Spread, len(values))
	for name, v := range values {
		spreads[name] = NewSpread(v)
	}
	return spreads
}
