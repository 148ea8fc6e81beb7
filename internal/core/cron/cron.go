// Package cron is the schedules of builds: a line of five fields and perhaps a time zone, and when it comes next.
//
// The dialect is that of docs/contract/pipelines.md, section 20. It has no clock and reads no files: times and the table
// of time zones are arguments.
//
// When clocks change, no time is lost and none comes twice. A time that the clock skips comes when it would have come had
// the clock not been changed. Of a time that the clock shows twice the first one counts, unless the hour field is `*`:
// such a line is about minutes that pass and not about a time of the day, and so goes on through both.
package cron

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// MaxLine is the length in bytes of the longest line.
	MaxLine = 255
	// MinGap is the least time between two times of a schedule.
	MinGap = 10 * time.Minute
	// horizonYears is how far ahead a time is looked for. A February 29 on a given weekday takes up to 40 years.
	horizonYears = 50

	minutesPerHour = 60
	minutesPerDay  = 24 * minutesPerHour
)

// Zones finds a time zone by its IANA name, as time.LoadLocation does.
type Zones func(name string) (*time.Location, error)

// Schedule is a line that has been read. It is safe for concurrent use. The zero Schedule has no times.
type Schedule struct {
	// times are minutes of the day, ascending.
	times []int
	// everyHour says that the hour field is not restricted.
	everyHour bool
	months    set
	days      days
	zone      *time.Location
}

// words stand for the first five fields.
var words = map[string]string{
	"@hourly":   "0 * * * *",
	"@daily":    "0 0 * * *",
	"@midnight": "0 0 * * *",
	"@noon":     "0 12 * * *",
	"@weekly":   "0 0 * * 0",
	"@monthly":  "0 0 1 * *",
	"@yearly":   "0 0 1 1 *",
	"@annually": "0 0 1 1 *",
}

// Parse reads a line. An error is the rest of a sentence that begins with the line's name, for whoever wrote it.
func Parse(line string, zones Zones) (Schedule, error) {
	fields, err := split(line)
	if err != nil {
		return Schedule{}, err
	}
	s := Schedule{zone: time.UTC}
	if len(fields) == 6 {
		if s.zone, err = parseZone(fields[5], zones); err != nil {
			return Schedule{}, err
		}
	}
	minutes, err := minuteField.parse(fields[0])
	if err != nil {
		return Schedule{}, err
	}
	hours, err := hourField.parse(fields[1])
	if err != nil {
		return Schedule{}, err
	}
	if s.months, err = monthField.parse(fields[3]); err != nil {
		return Schedule{}, err
	}
	if s.days, err = parseDays(fields[2], fields[4]); err != nil {
		return Schedule{}, err
	}
	s.times, s.everyHour = timesOfDay(hours, minutes), hours.count() == hourField.size()
	if gap := s.smallestGap(); gap < MinGap {
		return Schedule{}, fmt.Errorf("has times only %d min apart, but builds are scheduled at least %d min apart",
			int(gap.Minutes()), int(MinGap.Minutes()))
	}
	return s, nil
}

// split returns the five fields of a line and its time zone, if there is one.
func split(line string) ([]string, error) {
	switch {
	case strings.TrimSpace(line) == "":
		return nil, errors.New("can't be blank")
	case len(line) > MaxLine:
		return nil, fmt.Errorf("is too long (maximum is %d bytes)", MaxLine)
	case strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && (r < ' ' || r > '~') }):
		return nil, errors.New("has characters other than letters, digits and signs")
	case strings.Contains(line, "~"):
		return nil, errors.New("has a `~`: random times are not supported, give a fixed one")
	}
	fields := strings.Fields(line)
	if strings.HasPrefix(fields[0], "@") {
		expanded, ok := words[strings.ToLower(fields[0])]
		if !ok {
			return nil, fmt.Errorf("has an unknown word %q: use @hourly, @daily, @weekly, @monthly or @yearly", fields[0])
		}
		fields = append(strings.Fields(expanded), fields[1:]...)
	}
	if len(fields) < 5 || len(fields) > 6 {
		return nil, fmt.Errorf("has %d fields: use five for minute, hour, day of month, month and day of week, and a time zone if it is not UTC",
			len(fields))
	}
	return fields, nil
}

func timesOfDay(hours, minutes set) []int {
	var times []int
	for hour := range hours.all() {
		for minute := range minutes.all() {
			times = append(times, hour*minutesPerHour+minute)
		}
	}
	return times
}

// on reports whether the schedule has times on a day.
func (s *Schedule) on(day date) bool { return s.months.has(int(day.Month())) && s.days.match(day) }

// smallestGap is the shortest time between two times, as a clock that is never changed would show them.
func (s *Schedule) smallestGap() time.Duration {
	first, last := s.times[0], s.times[len(s.times)-1]
	gap := minutesPerDay
	for i, minute := range s.times[1:] {
		gap = min(gap, minute-s.times[i])
	}
	overnight := first + minutesPerDay - last
	if time.Duration(overnight)*time.Minute < MinGap && overnight < gap && s.onSuccessiveDays() {
		gap = overnight
	}
	return time.Duration(gap) * time.Minute
}

// onSuccessiveDays reports whether there are times on a day and the next.
func (s *Schedule) onSuccessiveDays() bool {
	before := false
	for day := firstWeek; day.Before(firstWeek.AddDate(horizonYears, 0, 0)); day = day.next() {
		on := s.on(day)
		if on && before {
			return true
		}
		before = on
	}
	return false
}
