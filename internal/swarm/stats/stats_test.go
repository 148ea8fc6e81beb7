package stats_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i+1) * time.Millisecond
	}
	tests := map[string]struct {
		sorted []time.Duration
		p      float64
		want   time.Duration
	}{
		"of nothing":               {nil, 50, 0},
		"of one":                   {[]time.Duration{7}, 99, 7},
		"median of two":            {[]time.Duration{1, 9}, 50, 1},
		"just above half of two":   {[]time.Duration{1, 9}, 50.1, 9},
		"median of a hundred":      {hundred, 50, 50 * time.Millisecond},
		"99th of a hundred":        {hundred, 99, 99 * time.Millisecond},
		"above 99th of a hundred":  {hundred, 99.5, 100 * time.Millisecond},
		"zeroth is the smallest":   {hundred, 0, time.Millisecond},
		"hundredth is the largest": {hundred, 100, 100 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := stats.Percentile(test.sorted, test.p); got != test.want {
				t.Errorf("Percentile(%v) = %v, want %v", test.p, got, test.want)
			}
		})
	}
}

func TestPercentileCoversItsShare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 1000), 1, 200).Draw(t, "values")
		p := rapid.Float64Range(0, 100).Draw(t, "p")
		slices.Sort(values)
		sorted := make([]time.Duration, len(values))
		for i, v := range values {
			sorted[i] = time.Duration(v)
		}
		got := stats.Percentile(sorted, p)
		if !slices.Contains(sorted, got) {
			t.Fatalf("%v is none of the samples", got)
		}
		covered := 0
		for _, v := range sorted {
			if v <= got {
				covered++
			}
		}
		if float64(covered) < p/100*float64(len(sorted))-1e-6 {
			t.Fatalf("%v covers %d of %d samples, less than %v %%", got, covered, len(sorted), p)
		}
	})
}

func TestNewSpread(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		values           []float64
		median, min, max float64
	}{
		"one":   {[]float64{4}, 4, 4, 4},
		"two":   {[]float64{3, 1}, 2, 1, 3},
		"three": {[]float64{9, 1, 2}, 2, 1, 9},
		"four":  {[]float64{8, 1, 2, 4}, 3, 1, 8},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := stats.NewSpread(test.values)
			want := stats.Spread{Median: test.median, Min: test.min, Max: test.max}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSpreads(t *testing.T) {
	t.Parallel()
	got := stats.Spreads([]stats.Measures{{"a": 1, "b": 5}, {"a": 3}})
	want := map[string]stats.Spread{
		"a": {Median: 2, Min: 1, Max: 3},
		"b": {Median: 5, Min: 5, Max: 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAddDurations(t *testing.T) {
	t.Parallel()
	m := stats.Measures{}
	m.AddDurations("none", nil)
	m.AddDurations("ping", []time.Duration{1500 * time.Microsecond, 2 * time.Millisecond})
	want := stats.Measures{"ping_count": 2, "ping_p50_ms": 1.5, "ping_p99_ms": 2, "ping_max_ms": 2}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSamplesSince(t *testing.T) {
	t.Parallel()
	var s stats.Samples
	s.Add(3)
	s.Add(1)
	first, seen := s.Since(0)
	s.Add(2)
	second, seen := s.Since(seen)
	if diff := cmp.Diff([][]time.Duration{{1, 3}, {2}, {1, 2, 3}}, [][]time.Duration{first, second, s.Sorted()}); diff != "" || seen != 3 {
		t.Errorf("%d samples, -want +got:\n%s", seen, diff)
	}
}

func TestCountsFromManySides(t *testing.T) {
	t.Parallel()
	var c stats.Counts
	if diff := cmp.Diff(map[string]int{}, c.All()); diff != "" {
		t.Errorf("before: -want +got:\n%s", diff)
	}
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 100 {
				c.Add("finish: 503")
			}
			c.Add("ping: timeout")
		})
	}
	running.Wait()
	if diff := cmp.Diff(map[string]int{"finish: 503": 800, "ping: timeout": 8}, c.All()); diff != "" || c.Total() != 808 {
		t.Errorf("total %d, -want +got:\n%s", c.Total(), diff)
	}
}
