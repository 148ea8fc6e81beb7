package cron

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// weekday is a day of the week: each, or some of them.
type weekday struct {
	day time.Weekday
	// nth is which one in its month, 1 the first and -1 the last; 0 is each.
	nth int
	// every is the modulo: only in weeks whose number leaves offset when divided by it; 0 is each week.
	every, offset int
}

// firstWeek is the first day of week 1, which the modulo counts from: weeks begin on the same weekday as it.
var firstWeek = date{time.Date(2019, time.January, 1, 0, 0, 0, 0, time.UTC)}

// maxModulo bounds the modulo and its offset: ten years of weeks.
const maxModulo = 520

func (w weekday) match(day date) bool {
	if day.Weekday() != w.day {
		return false
	}
	if w.every != 0 && modulo(weekNumber(day)-w.offset, w.every) != 0 {
		return false
	}
	switch {
	case w.nth > 0:
		return (day.Day()-1)/7+1 == w.nth
	case w.nth < 0:
		return (day.daysInMonth()-day.Day())/7+1 == -w.nth
	}
	return true
}

// weekNumber counts weeks from firstWeek, which is in week 1.
func weekNumber(day date) int {
	const secondsPerDay = 24 * 60 * 60
	n := int((day.Unix() - firstWeek.Unix()) / secondsPerDay)
	return (n-modulo(n, 7))/7 + 1
}

// modulo is never negative.
func modulo(n, by int) int { return (n%by + by) % by }

// addWeekdays reads one element of the field: as in other fields, or a single day with `%` or `#`.
func (d *days) addWeekdays(text string) error {
	if name, rest, ok := strings.Cut(text, "%"); ok {
		return d.addModulo(name, rest)
	}
	if name, rest, ok := strings.Cut(text, "#"); ok {
		return d.addNth(name, rest)
	}
	e, err := splitElement(text, weekdayField.name)
	if err != nil {
		return err
	}
	if e.star && !e.stepped {
		d.anyWeekday = true
		return nil
	}
	var numbers set
	if err := weekdayField.expand(e, &numbers); err != nil {
		return err
	}
	for n := range numbers.all() {
		d.weekdays = append(d.weekdays, weekday{day: time.Weekday(n)})
	}
	return nil
}

// addModulo reads what follows the `%` of 0%3 or 2%2+1.
func (d *days) addModulo(name, rest string) error {
	day, err := weekdayField.number(name)
	if err != nil {
		return err
	}
	first, second, shifted := strings.Cut(rest, "+")
	every, ok := weeks(first)
	offset := 0
	if ok && shifted {
		offset, ok = weeks(second)
	}
	if !ok || every == 0 {
		return fmt.Errorf("has a modulo %q: use a number of weeks from 1 to %d, and perhaps an offset as in 2%%2+1", rest, maxModulo)
	}
	d.weekdays = append(d.weekdays, weekday{day: time.Weekday(day % 7), every: every, offset: offset})
	return nil
}

func weeks(text string) (int, bool) {
	n, err := strconv.ParseUint(text, 10, 16) // takes no sign
	return int(n), err == nil && n <= maxModulo
}

// addNth reads what follows the `#` of MON#1 or FRI#L.
func (d *days) addNth(name, rest string) error {
	day, err := weekdayField.number(name)
	if err != nil {
		return err
	}
	const most = 5
	number, negative := strings.CutPrefix(rest, "-")
	nth, ok := digits(number)
	if lower := strings.ToLower(rest); lower == "l" || lower == "last" {
		nth, negative, ok = 1, true, true
	}
	if !ok || nth < 1 || nth > most {
		return fmt.Errorf("has %q after a `#`: use 1 to %d for the first to the fifth such day of the month, or L for the last", rest, most)
	}
	if negative {
		nth = -nth
	}
	d.weekdays = append(d.weekdays, weekday{day: time.Weekday(day % 7), nth: nth})
	return nil
}
