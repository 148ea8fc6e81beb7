package cron_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/cron"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// day is a calendar day as the reference sees it.
type day struct {
	time.Time
}

func (d day) last() int { return time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// part is a field of a line, with the meaning told apart from the code under test.
type part struct {
	text string
	// open says that the field is `*`.
	open bool
	has  func(n int) bool
}

var star = part{"*", true, func(int) bool { return true }}

// span is a single number, or a range with a step, of numbers that go round from low to high.
func span(low, high int) *rapid.Generator[part] {
	size := high - low + 1
	number := rapid.IntRange(low, high)
	return rapid.Custom(func(t *rapid.T) part {
		from := number.Draw(t, "from")
		if rapid.Bool().Draw(t, "single") {
			return part{fmt.Sprint(from), false, func(n int) bool { return n == from }}
		}
		to, step := number.Draw(t, "to"), rapid.IntRange(1, 12).Draw(t, "step")
		return part{
			text: fmt.Sprintf("%d-%d/%d", from, to, step),
			open: from == low && to == high && step == 1,
			has: func(n int) bool {
				ahead := (n - from + size) % size
				return ahead <= (to-from+size)%size && ahead%step == 0
			},
		}
	})
}

// lists is a field of one to three elements, or a star.
func lists(elements *rapid.Generator[part]) *rapid.Generator[part] {
	several := rapid.Map(rapid.SliceOfN(elements, 1, 3), func(parts []part) part {
		var texts []string
		open := false
		for _, p := range parts {
			texts, open = append(texts, p.text), open || p.open
		}
		return part{strings.Join(texts, ","), open, func(n int) bool {
			return open || slices.ContainsFunc(parts, func(p part) bool { return p.has(n) })
		}}
	})
	return rapid.OneOf(rapid.Just(star), several)
}

// minutes are at least ten apart.
var minutes = rapid.Custom(func(t *rapid.T) part {
	step := rapid.SampledFrom([]int{10, 12, 15, 20, 30, 60}).Draw(t, "apart")
	from := rapid.IntRange(0, step-1).Draw(t, "from")
	var texts []string
	for n := from; n < 60; n += step {
		texts = append(texts, fmt.Sprint(n))
	}
	return part{strings.Join(texts, ","), false, func(n int) bool { return n%step == from }}
})

// dayPart is part for the fields whose meaning depends on the month.
type dayPart struct {
	text string
	open bool
	has  func(d day) bool
}

func onDays(p part, number func(d day) int) dayPart {
	return dayPart{p.text, p.open, func(d day) bool { return p.has(number(d)) }}
}

var monthDays = rapid.OneOf(
	rapid.Map(lists(span(1, 31)), func(p part) dayPart { return onDays(p, day.Day) }),
	rapid.Just(dayPart{"L", false, func(d day) bool { return d.Day() == d.last() }}),
	rapid.Custom(func(t *rapid.T) dayPart {
		n := rapid.IntRange(1, 31).Draw(t, "from the end")
		return dayPart{fmt.Sprintf("-%d-last", n), false, func(d day) bool { return d.last()-d.Day() < n }}
	}),
)

var weekdays = rapid.OneOf(
	rapid.Custom(func(t *rapid.T) dayPart {
		p := lists(span(0, 6)).Draw(t, "weekdays")
		weekday := func(d day) int { return int(d.Weekday()) }
		return dayPart{p.text, p.text == "*", onDays(p, weekday).has}
	}),
	rapid.Custom(func(t *rapid.T) dayPart {
		weekday, every, offset := rapid.IntRange(0, 6).Draw(t, "weekday"), rapid.IntRange(1, 8).Draw(t, "every"), rapid.IntRange(0, 9).Draw(t, "offset")
		return dayPart{fmt.Sprintf("%d%%%d+%d", weekday, every, offset), false, func(d day) bool {
			// The week of 2019-01-01, a Tuesday, is the first; so the one of 1900-01-02, a Tuesday, is -6208, as 6209 weeks lie between.
			weeks := int(d.Sub(time.Date(1900, 1, 2, 0, 0, 0, 0, time.UTC)).Hours()) / 24 / 7
			return int(d.Weekday()) == weekday && (weeks-6208+every*7000-offset)%every == 0
		}}
	}),
	rapid.Custom(func(t *rapid.T) dayPart {
		weekday, nth := rapid.IntRange(0, 6).Draw(t, "weekday"), rapid.IntRange(1, 5).Draw(t, "nth")
		return dayPart{fmt.Sprintf("%d#%d", weekday, nth), false, func(d day) bool {
			return int(d.Weekday()) == weekday && d.AddDate(0, 0, -7*(nth-1)).Month() == d.Month() && d.AddDate(0, 0, -7*nth).Month() != d.Month()
		}}
	}),
)

// expression is a line with its meaning.
type expression struct {
	line  string
	zone  *time.Location
	hours part
	// shows reports whether a clock that shows this time shows one of the schedule's.
	shows func(t time.Time) bool
}

var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "Africa/Casablanca", "Pacific/Apia",
}

var expressions = rapid.Custom(func(t *rapid.T) expression {
	minute, hour, month := minutes.Draw(t, "minutes"), lists(span(0, 23)).Draw(t, "hours"), lists(span(1, 12)).Draw(t, "months")
	monthDay, weekday := monthDays.Draw(t, "days"), weekdays.Draw(t, "weekdays")
	zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	both := rapid.SampledFrom([]string{"", "", "&"}).Draw(t, "both")
	return expression{
		line: strings.Join([]string{minute.text, hour.text, monthDay.text, month.text, weekday.text + both, zone.String()}, " "),
		zone: zone, hours: hour,
		shows: func(clock time.Time) bool {
			if !minute.has(clock.Minute()) || !hour.has(clock.Hour()) || !month.has(int(clock.Month())) {
				return false
			}
			d := day{time.Date(clock.Year(), clock.Month(), clock.Day(), 0, 0, 0, 0, time.UTC)}
			switch {
			case monthDay.open && weekday.open:
				return true
			case monthDay.open:
				return weekday.has(d)
			case weekday.open:
				return monthDay.has(d)
			case both != "":
				return monthDay.has(d) && weekday.has(d)
			}
			return monthDay.has(d) || weekday.has(d)
		},
	}
})

// times is the reference: it looks at the clock every minute and notes what it sees.
func (e expression) times(after, until time.Time) []string {
	everyHour := true
	for hour := range 24 {
		everyHour = everyHour && e.hours.has(hour)
	}
	const dayBefore = 26 * time.Hour
	found, seen := map[int64]bool{}, map[int64]bool{}
	var before time.Time
	for now := after.Add(-dayBefore).Truncate(time.Minute); !now.After(until); now = now.Add(time.Minute) {
		local := now.In(e.zone)
		clock := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
		if e.shows(clock) && (everyHour || !seen[clock.Unix()]) {
			found[now.Unix()] = true
		}
		seen[clock.Unix()] = true
		if !before.IsZero() {
			late := now
			for skipped := before.Add(time.Minute); skipped.Before(clock); skipped = skipped.Add(time.Minute) {
				if e.shows(skipped) {
					found[late.Unix()] = true
				}
				late = late.Add(time.Minute)
			}
		}
		before = clock
	}
	var list []string
	for second := range found {
		if at := time.Unix(second, 0); at.After(after) && !at.After(until) {
			list = append(list, at.UTC().Format(time.RFC3339))
		}
	}
	slices.Sort(list)
	return list
}

// moments are any in this century, and often some days before clocks are changed somewhere.
var moments = rapid.Custom(func(t *rapid.T) time.Time {
	changes := []string{"2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04", "2026-09-06", "2026-02-15", "2026-03-22", "2011-12-30", "2028-02-29"}
	start, err := time.Parse(time.DateOnly, rapid.SampledFrom(changes).Draw(t, "change"))
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "elsewhere") {
		start = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "moment"), 0)
	}
	return start.Add(-time.Duration(rapid.Int64Range(0, 4*24*3600).Draw(t, "seconds before")) * time.Second).UTC()
})

func mustParse(t *rapid.T, line string) cron.Schedule {
	s, err := cron.Parse(line, time.LoadLocation)
	if err != nil && strings.Contains(err.Error(), "apart") {
		t.Skip(err) // times on both sides of midnight
	}
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return s
}

func TestNextAgreesWithReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, after := expressions.Draw(t, "expression"), moments.Draw(t, "after")
		s, until := mustParse(t, e.line), after.Add(6*24*time.Hour)
		var got []string
		for now, ok := s.Next(after); ok && !now.After(until); now, ok = s.Next(now) {
			got = append(got, now.Format(time.RFC3339))
		}
		want := e.times(after, until)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s after %s (-want +got):\n%s", e.line, after, diff)
		}
		latest, ok := s.Latest(after, until)
		if ok != (len(want) > 0) || (ok && latest.Format(time.RFC3339) != want[len(want)-1]) {
			t.Fatalf("%s: latest is %s %t of %v", e.line, latest, ok, want)
		}
	})
}

func TestNextIsTheSameUntilItComes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, after := expressions.Draw(t, "expression"), moments.Draw(t, "after")
		s := mustParse(t, e.line)
		next, ok := s.Next(after)
		if !ok {
			return
		}
		if !next.After(after) {
			t.Fatalf("%s: %s is not after %s", e.line, next, after)
		}
		between := after.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(after))-1).Draw(t, "between")))
		if again, ok := s.Next(between); !ok || !again.Equal(next) {
			t.Fatalf("%s: %s follows %s, but %s follows %s", e.line, next, after, again, between)
		}
		if second, ok := s.Next(next); ok && !second.After(next) {
			t.Fatalf("%s: %s follows itself", e.line, next)
		}
	})
}
