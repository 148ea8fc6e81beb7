package cron_test

import "testing"

// TestClockChanges follows schedules over the days on which clocks are changed.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line, after string
		want        []string
	}{
		// Clocks went from 02:00 +01:00 to 03:00 +02:00 on 2026-03-29, and from 03:00 +02:00 to 02:00 +01:00 on 2026-10-25.
		"Berlin, spring, before the gap":   {"30 1 * * * Europe/Berlin", "2026-03-28 01:30+01:00", []string{"2026-03-29 01:30+01:00", "2026-03-30 01:30+02:00"}},
		"Berlin, spring, in the gap":       {"30 2 * * * Europe/Berlin", "2026-03-28 02:30+01:00", []string{"2026-03-29 03:30+02:00", "2026-03-30 02:30+02:00"}},
		"Berlin, spring, after the gap":    {"0 3 * * * Europe/Berlin", "2026-03-28 03:00+01:00", []string{"2026-03-29 03:00+02:00", "2026-03-30 03:00+02:00"}},
		"Berlin, spring, in it and after":  {"30 2,3 * * * Europe/Berlin", "2026-03-28 03:30+01:00", []string{"2026-03-29 03:30+02:00", "2026-03-30 02:30+02:00", "2026-03-30 03:30+02:00"}},
		"Berlin, spring, several in it":    {"*/20 2 * * * Europe/Berlin", "2026-03-28 12:00+01:00", []string{"2026-03-29 03:00+02:00", "2026-03-29 03:20+02:00", "2026-03-29 03:40+02:00", "2026-03-30 02:00+02:00"}},
		"Berlin, spring, hourly":           {"30 * * * * Europe/Berlin", "2026-03-29 00:30+01:00", []string{"2026-03-29 01:30+01:00", "2026-03-29 03:30+02:00", "2026-03-29 04:30+02:00"}},
		"Berlin, spring, every half hour":  {"*/30 * * * * Europe/Berlin", "2026-03-29 01:00+01:00", []string{"2026-03-29 01:30+01:00", "2026-03-29 03:00+02:00", "2026-03-29 03:30+02:00"}},
		"Berlin, spring, on Sundays":       {"30 2 * * SUN Europe/Berlin", "2026-03-22 12:00+01:00", []string{"2026-03-29 03:30+02:00", "2026-04-05 02:30+02:00"}},
		"Berlin, spring, last Sunday":      {"30 2 * * SUN#L Europe/Berlin", "2026-03-22 12:00+01:00", []string{"2026-03-29 03:30+02:00", "2026-04-26 02:30+02:00"}},
		"Berlin, autumn, before the hour":  {"30 1 * * * Europe/Berlin", "2026-10-24 01:30+02:00", []string{"2026-10-25 01:30+02:00", "2026-10-26 01:30+01:00"}},
		"Berlin, autumn, in the hour":      {"30 2 * * * Europe/Berlin", "2026-10-24 02:30+02:00", []string{"2026-10-25 02:30+02:00", "2026-10-26 02:30+01:00"}},
		"Berlin, autumn, from between":     {"30 2 * * * Europe/Berlin", "2026-10-25 02:15+01:00", []string{"2026-10-26 02:30+01:00"}},
		"Berlin, autumn, several in it":    {"*/20 2 * * * Europe/Berlin", "2026-10-25 02:10+02:00", []string{"2026-10-25 02:20+02:00", "2026-10-25 02:40+02:00", "2026-10-26 02:00+01:00"}},
		"Berlin, autumn, after the hour":   {"0 3 * * * Europe/Berlin", "2026-10-24 03:00+02:00", []string{"2026-10-25 03:00+01:00", "2026-10-26 03:00+01:00"}},
		"Berlin, autumn, every other hour": {"0 */2 * * * Europe/Berlin", "2026-10-25 00:00+02:00", []string{"2026-10-25 02:00+02:00", "2026-10-25 04:00+01:00"}},
		"Berlin, autumn, hourly":           {"30 * * * * Europe/Berlin", "2026-10-25 01:30+02:00", []string{"2026-10-25 02:30+02:00", "2026-10-25 02:30+01:00", "2026-10-25 03:30+01:00"}},
		"Berlin, autumn, every half hour":  {"*/30 0-23 * * * Europe/Berlin", "2026-10-25 02:00+02:00", []string{"2026-10-25 02:30+02:00", "2026-10-25 02:00+01:00", "2026-10-25 02:30+01:00", "2026-10-25 03:00+01:00"}},

		// Clocks went from 02:00 -05:00 to 03:00 -04:00 on 2026-03-08, and from 02:00 -04:00 to 01:00 -05:00 on 2026-11-01.
		"New York, spring":              {"15 2 * * * America/New_York", "2026-03-07 02:15-05:00", []string{"2026-03-08 03:15-04:00", "2026-03-09 02:15-04:00"}},
		"New York, spring, monthly":     {"0 2 8 * * America/New_York", "2026-02-20 00:00-05:00", []string{"2026-03-08 03:00-04:00", "2026-04-08 02:00-04:00"}},
		"New York, spring, hourly":      {"@hourly America/New_York", "2026-03-08 00:00-05:00", []string{"2026-03-08 01:00-05:00", "2026-03-08 03:00-04:00", "2026-03-08 04:00-04:00"}},
		"New York, autumn":              {"15 1 * * * America/New_York", "2026-10-31 01:15-04:00", []string{"2026-11-01 01:15-04:00", "2026-11-02 01:15-05:00"}},
		"New York, autumn, first of it": {"0 1 1 * * America/New_York", "2026-10-31 00:00-04:00", []string{"2026-11-01 01:00-04:00", "2026-12-01 01:00-05:00"}},
		"New York, autumn, hourly":      {"@hourly America/New_York", "2026-11-01 00:00-04:00", []string{"2026-11-01 01:00-04:00", "2026-11-01 01:00-05:00", "2026-11-01 02:00-05:00"}},

		// Clocks went from 02:00 +11:00 to 01:30 +10:30 on 2026-04-05, and from 02:00 +10:30 to 02:30 +11:00 on 2026-10-04.
		"Lord Howe, spring, in the gap": {"15 2 * * * Australia/Lord_Howe", "2026-10-03 02:15+10:30", []string{"2026-10-04 02:45+11:00", "2026-10-05 02:15+11:00"}},
		"Lord Howe, spring, after it":   {"30 2 * * * Australia/Lord_Howe", "2026-10-03 02:30+10:30", []string{"2026-10-04 02:30+11:00", "2026-10-05 02:30+11:00"}},
		"Lord Howe, spring, hourly":     {"15 * * * * Australia/Lord_Howe", "2026-10-04 00:15+10:30", []string{"2026-10-04 01:15+10:30", "2026-10-04 02:45+11:00", "2026-10-04 03:15+11:00"}},
		"Lord Howe, autumn":             {"45 1 * * * Australia/Lord_Howe", "2026-04-04 01:45+11:00", []string{"2026-04-05 01:45+11:00", "2026-04-06 01:45+10:30"}},
		"Lord Howe, autumn, before it":  {"15 1 * * * Australia/Lord_Howe", "2026-04-04 01:15+11:00", []string{"2026-04-05 01:15+11:00", "2026-04-06 01:15+10:30"}},
		"Lord Howe, autumn, by tens":    {"*/10 * * * * Australia/Lord_Howe", "2026-04-05 01:40+11:00", []string{"2026-04-05 01:50+11:00", "2026-04-05 01:30+10:30", "2026-04-05 01:40+10:30", "2026-04-05 01:50+10:30", "2026-04-05 02:00+10:30"}},

		// No changes, and an offset that is no whole hour.
		"Kathmandu":         {"0 6 * * * Asia/Kathmandu", "2026-03-28 06:00+05:45", []string{"2026-03-29 06:00+05:45", "2026-03-30 06:00+05:45"}},
		"Kathmandu, hourly": {"@hourly Asia/Kathmandu", "2026-03-28 23:30+05:45", []string{"2026-03-29 00:00+05:45", "2026-03-29 01:00+05:45"}},
		"Kathmandu, last":   {"30 23 L * * Asia/Kathmandu", "2026-02-01 00:00+05:45", []string{"2026-02-28 23:30+05:45", "2026-03-31 23:30+05:45"}},

		// Changes at midnight: to 01:00 on 2026-09-06, and back to 23:00 of the day before on 2026-04-05.
		"Santiago, spring":         {"@daily America/Santiago", "2026-09-05 00:00-04:00", []string{"2026-09-06 01:00-03:00", "2026-09-07 00:00-03:00"}},
		"Santiago, spring, in two": {"30 0,23 * * * America/Santiago", "2026-09-05 12:00-04:00", []string{"2026-09-05 23:30-04:00", "2026-09-06 01:30-03:00", "2026-09-06 23:30-03:00"}},
		"Santiago, autumn":         {"30 23 * * * America/Santiago", "2026-04-04 12:00-03:00", []string{"2026-04-04 23:30-03:00", "2026-04-05 23:30-04:00"}},
		"Santiago, autumn, hourly": {"30 * * * * America/Santiago", "2026-04-04 22:30-03:00", []string{"2026-04-04 23:30-03:00", "2026-04-04 23:30-04:00", "2026-04-05 00:30-04:00"}},

		"Berlin, the last day of a leap year": {"0 12 * * * Europe/Berlin", "2040-12-30 12:00+01:00", []string{"2040-12-31 12:00+01:00", "2041-01-01 12:00+01:00"}},

		// A day that was left out, 2011-12-30.
		"Apia, every day":   {"0 8 * * * Pacific/Apia", "2011-12-29 08:00-10:00", []string{"2011-12-31 08:00+14:00", "2012-01-01 08:00+14:00"}},
		"Apia, on that day": {"0 8 30 * * Pacific/Apia", "2011-12-01 08:00-10:00", []string{"2011-12-31 08:00+14:00", "2012-01-30 08:00+14:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectTimes(t, c.line, c.after, c.want)
		})
	}
}
