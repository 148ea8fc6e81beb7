package cron

import (
	"iter"
	"math"
	"time"
)

// clock is what the clocks of a time zone show around a day: periods that follow one another.
type clock []period

// period is a stretch of time in which clocks are not changed.
type period struct {
	// start and end are seconds since 1970; end is the start of the next one.
	start, end int64
	// offset is what clocks show more than UTC, in seconds.
	offset int64
}

// widest is more than any zone is away from UTC, in seconds.
const widest = 26 * 60 * 60

func clockOf(zone *time.Location, day date) clock {
	from, to := day.Unix()-widest, day.next().Unix()+widest
	var c clock
	for at := from; at < to; {
		t := time.Unix(at, 0).In(zone)
		_, offset := t.Zone()
		start, end := t.ZoneBounds()
		p := period{start: math.MinInt64, end: math.MaxInt64, offset: int64(offset)}
		if !start.IsZero() {
			p.start = start.Unix()
		}
		if !end.IsZero() {
			p.end = end.Unix()
		}
		c = append(c, p)
		at = p.end
	}
	return c
}

// instants yields when clocks show a date and a time, given as if it were UTC: the first time only, or each time. If
// they skip it, it is when they would have shown it without having been set forward.
func (c clock) instants(shown int64, each bool) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		skipped := true
		for _, p := range c {
			if at := shown - p.offset; p.start <= at && at < p.end {
				if skipped = false; !yield(at) || !each {
					return
				}
			}
		}
		if !skipped {
			return
		}
		for i, p := range c[:len(c)-1] {
			// Without the change it would be after it, with the change before it.
			if at := shown - p.offset; at >= p.end && shown-c[i+1].offset < p.end {
				yield(at)
				return
			}
		}
	}
}
