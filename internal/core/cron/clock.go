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

const (
	// widest is more than any zone is away from UTC, in seconds.
	widest = 26 * 60 * 60
	// closest is less than there is between two changes of a zone's clocks, in seconds.
	closest = 6 * 60 * 60
)

// clockOf looks for changes from a good day before a day until a good day after it.
//
// It asks for offsets alone: time.Time.ZoneBounds gives an end before its time on some last days of leap years.
func clockOf(zone *time.Location, day date) clock {
	at, end := day.Unix()-widest, day.next().Unix()+widest
	c := clock{{start: math.MinInt64, end: math.MaxInt64, offset: offsetAt(zone, at)}}
	for ; at < end; at += closest {
		last := &c[len(c)-1]
		if offset := offsetAt(zone, at+closest); offset != last.offset {
			last.end = changeBetween(zone, at, at+closest)
			c = append(c, period{start: last.end, end: math.MaxInt64, offset: offset})
		}
	}
	return c
}

func offsetAt(zone *time.Location, at int64) int64 {
	_, offset := time.Unix(at, 0).In(zone).Zone()
	return int64(offset)
}

// changeBetween returns the first second with the later offset, when there is one change between two times.
func changeBetween(zone *time.Location, before, after int64) int64 {
	offset := offsetAt(zone, before)
	for after-before > 1 {
		middle := before + (after-before)/2
		if offsetAt(zone, middle) == offset {
			before = middle
		} else {
			after = middle
		}
	}
	return after
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
