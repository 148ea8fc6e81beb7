package cron

import (
	"fmt"
	"strings"
	"time"
)

// date is a day of the calendar, in any time zone: its midnight in UTC stands for it.
type date struct{ time.Time }

func dateOf(t time.Time) date {
	year, month, day := t.Date()
	return date{time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

func (d date) next() date { return date{d.AddDate(0, 0, 1)} }

func (d date) nextMonth() date {
	year, month, _ := d.Date()
	return date{time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)}
}

func (d date) Before(t time.Time) bool { return d.Time.Before(t) }

// daysInMonth is how many days the month of the date has.
func (d date) daysInMonth() int {
	year, month, _ := d.Date()
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// days is which days of a month are meant, by their number and by their weekday.
type days struct {
	// anyMonthDay and anyWeekday say that the field is not restricted.
	anyMonthDay, anyWeekday bool
	// fromStart are days counted from the first, which is 1; fromEnd from the last, which is 1 as well.
	fromStart, fromEnd set
	weekdays           []weekday
	// both says that a day has to pass both fields. Otherwise, if both are restricted, one is enough, as in any cron.
	both bool
}

func parseDays(monthDays, weekdays string) (days, error) {
	var d days
	monthDays, both := strings.CutSuffix(monthDays, "&")
	weekdays, andBoth := strings.CutSuffix(weekdays, "&")
	d.both = both || andBoth
	for text := range strings.SplitSeq(monthDays, ",") {
		if err := d.addMonthDays(text); err != nil {
			return days{}, err
		}
	}
	for text := range strings.SplitSeq(weekdays, ",") {
		if err := d.addWeekdays(text); err != nil {
			return days{}, err
		}
	}
	return d, nil
}

func (d *days) match(day date) bool {
	switch {
	case d.anyMonthDay:
		return d.anyWeekday || d.matchWeekday(day)
	case d.anyWeekday:
		return d.matchMonthDay(day)
	case d.both:
		return d.matchMonthDay(day) && d.matchWeekday(day)
	}
	return d.matchMonthDay(day) || d.matchWeekday(day)
}

func (d *days) matchMonthDay(day date) bool {
	return d.fromStart.has(day.Day()) || (d.fromEnd != 0 && d.fromEnd.has(day.daysInMonth()-day.Day()+1))
}

func (d *days) matchWeekday(day date) bool {
	for _, w := range d.weekdays {
		if w.match(day) {
			return true
		}
	}
	return false
}

const (
	maxMonthDay     = 31
	monthDayArticle = "a day of month"
)

// addMonthDays reads one element of the field: as in other fields, or with days counted from the last, L.
func (d *days) addMonthDays(text string) error {
	e, err := splitElement(text, monthDayArticle)
	if err != nil {
		return err
	}
	from, to := 1, maxMonthDay
	if !e.star {
		if from, err = monthDay(e.from); err != nil {
			return err
		}
		switch {
		case e.to != "":
			if to, err = monthDay(e.to); err != nil {
				return err
			}
		case !e.stepped:
			to = from
		}
	}
	if from > 0 && to == -1 {
		to = maxMonthDay // 20-L
	}
	switch {
	case from == 1 && to == maxMonthDay && e.step == 1:
		d.anyMonthDay = true
	case from > 0 && to > 0:
		count := (to - from + maxMonthDay) % maxMonthDay // 28-3 goes on from 31 at 1
		for i := 0; i <= count; i += e.step {
			d.fromStart.add((from-1+i)%maxMonthDay + 1)
		}
	case from < 0 && to < 0 && from <= to:
		for n := from; n <= to; n += e.step {
			d.fromEnd.add(-n)
		}
	default:
		return fmt.Errorf("has %q for days of month: count both ends from the first day, as in 20-L, or both from the last, as in -3-L", text)
	}
	return nil
}

// monthDay reads a day of month; those counted from the last are negative.
func monthDay(text string) (int, error) {
	if lower := strings.ToLower(text); lower == "l" || lower == "last" {
		return -1, nil
	}
	number, negative := strings.CutPrefix(text, "-")
	n, ok := digits(number)
	if !ok || n < 1 || n > maxMonthDay {
		return 0, fmt.Errorf("has %q for %s: use 1 to %d, or L for the last day, or -2 for the one before", text, monthDayArticle, maxMonthDay)
	}
	if negative {
		n = -n
	}
	return n, nil
}
