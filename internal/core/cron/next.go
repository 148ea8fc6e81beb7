package cron

import "time"

// Next returns the first time after another, in UTC. It is false when there is none in the next 50 years.
func (s *Schedule) Next(after time.Time) (time.Time, bool) {
	if s.zone == nil {
		return time.Time{}, false
	}
	// A skipped time comes up to a day late, so that one of yesterday may still be ahead.
	day := date{dateOf(after.In(s.zone)).AddDate(0, 0, -1)}
	end := day.AddDate(horizonYears, 0, 0)
	for day.Before(end) {
		if !s.months.has(int(day.Month())) {
			day = day.nextMonth()
			continue
		}
		if at, ok := s.nextOn(day, after); ok {
			// For the same reason a time of the next day may come before the late ones of this day.
			if other, ok := s.nextOn(day.next(), after); ok {
				at = min(at, other)
			}
			return time.Unix(at, 0).UTC(), true
		}
		day = day.next()
	}
	return time.Time{}, false
}

// Latest returns the last time that is after one time and not after another, in UTC. It is false when there is none.
// Its cost hardly grows with how far the two are apart.
func (s *Schedule) Latest(after, until time.Time) (time.Time, bool) {
	latest, ok := s.Next(after)
	if !ok || latest.After(until) {
		return time.Time{}, false
	}
	for {
		next, ok := s.Next(latest)
		if !ok || next.After(until) {
			return latest, true
		}
		latest = next
		// There is no later one after until: halve what lies between.
		middle := latest.Add(until.Sub(latest) / 2)
		if next, ok = s.Next(middle); ok && !next.After(until) {
			latest = next
		} else {
			until = middle
		}
	}
}

// nextOn returns the first time after another, in seconds since 1970, of those that belong to a day.
func (s *Schedule) nextOn(day date, after time.Time) (int64, bool) {
	if !s.on(day) {
		return 0, false
	}
	c := clockOf(s.zone, day)
	var first int64
	found := false
	for _, minute := range s.times {
		shown := day.Unix() + int64(minute)*60
		for at := range c.instants(shown, s.everyHour) {
			if time.Unix(at, 0).After(after) && (!found || at < first) {
				first, found = at, true
			}
		}
	}
	return first, found
}
