package cron_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the rules of this Go release, whatever the machine has

	"github.com/bridle-ci/bridle/internal/core/cron"
	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, line string) cron.Schedule {
	t.Helper()
	s, err := cron.Parse(line, time.LoadLocation)
	if err != nil {
		t.Fatalf("%q %v", line, err)
	}
	return s
}

// at reads a time with minutes, in UTC unless it has an offset.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	if len(text) == len("2006-01-02 15:04") {
		text += "Z"
	}
	parsed, err := time.Parse("2006-01-02 15:04Z07:00", text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// expectTimes fails the test unless the times after one are those given, all as at reads them.
func expectTimes(t *testing.T, line, after string, want []string) {
	t.Helper()
	s, now := parse(t, line), at(t, after)
	var got, expected []string
	for _, text := range want {
		next, ok := s.Next(now)
		if !ok {
			t.Fatalf("%s: nothing after %s", line, now)
		}
		now = next
		got, expected = append(got, next.Format(time.RFC3339)), append(expected, at(t, text).UTC().Format(time.RFC3339))
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("%s after %s (-want +got):\n%s", line, after, diff)
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line, after string
		want        []string
	}{
		"hourly":                   {"@hourly", "2026-03-01 10:00", []string{"2026-03-01 11:00", "2026-03-01 12:00"}},
		"daily":                    {"@daily", "2026-03-01 10:00", []string{"2026-03-02 00:00", "2026-03-03 00:00"}},
		"midnight":                 {"@midnight", "2026-03-01 10:00", []string{"2026-03-02 00:00"}},
		"noon":                     {"@noon", "2026-03-01 10:00", []string{"2026-03-01 12:00"}},
		"weekly":                   {"@weekly", "2026-03-03 10:00", []string{"2026-03-08 00:00", "2026-03-15 00:00"}},
		"monthly":                  {"@monthly", "2026-03-01 00:00", []string{"2026-04-01 00:00", "2026-05-01 00:00"}},
		"yearly":                   {"@yearly", "2026-03-01 10:00", []string{"2027-01-01 00:00", "2028-01-01 00:00"}},
		"annually":                 {"@annually", "2026-03-01 10:00", []string{"2027-01-01 00:00"}},
		"a word in capitals":       {"@Daily", "2026-03-01 10:00", []string{"2026-03-02 00:00"}},
		"a word with a zone":       {"@daily Asia/Tokyo", "2026-03-01 10:00", []string{"2026-03-01 15:00"}},
		"every ten minutes":        {"*/10 * * * *", "2026-03-01 23:41", []string{"2026-03-01 23:50", "2026-03-02 00:00"}},
		"a step without a star":    {"/20 * * * *", "2026-03-01 23:30", []string{"2026-03-01 23:40", "2026-03-02 00:00"}},
		"a step from a number":     {"15/30 8 * * *", "2026-03-01 00:00", []string{"2026-03-01 08:15", "2026-03-01 08:45", "2026-03-02 08:15"}},
		"a list":                   {"0,30 8,20 * * *", "2026-03-01 08:00", []string{"2026-03-01 08:30", "2026-03-01 20:00"}},
		"a range of hours":         {"0 8-10 * * *", "2026-03-01 08:30", []string{"2026-03-01 09:00", "2026-03-01 10:00", "2026-03-02 08:00"}},
		"a range over midnight":    {"0 22-1 * * *", "2026-03-01 22:30", []string{"2026-03-01 23:00", "2026-03-02 00:00", "2026-03-02 01:00", "2026-03-02 22:00"}},
		"a range with a step":      {"0 9-17/4 * * *", "2026-03-01 00:00", []string{"2026-03-01 09:00", "2026-03-01 13:00", "2026-03-01 17:00"}},
		"hour 24 is 0":             {"5 24 * * *", "2026-03-01 10:00", []string{"2026-03-02 00:05"}},
		"a step beyond the field":  {"0 */27 * * *", "2026-03-01 10:00", []string{"2026-03-02 00:00", "2026-03-03 00:00"}},
		"weekdays":                 {"0 0 * * 1-5", "2026-03-06 12:00", []string{"2026-03-09 00:00", "2026-03-10 00:00"}},
		"a weekday's name":         {"0 16 * * SUN", "2026-03-03 10:00", []string{"2026-03-08 16:00"}},
		"weekday 7 is Sunday":      {"0 16 * * 7", "2026-03-03 10:00", []string{"2026-03-08 16:00"}},
		"weekdays to 7":            {"0 0 * * 6-7", "2026-03-03 10:00", []string{"2026-03-07 00:00", "2026-03-08 00:00", "2026-03-14 00:00"}},
		"weekdays over Sunday":     {"0 0 * * fri-mon", "2026-03-06 10:00", []string{"2026-03-07 00:00", "2026-03-08 00:00", "2026-03-09 00:00", "2026-03-13 00:00"}},
		"months":                   {"0 0 1 */2 *", "2026-03-02 00:00", []string{"2026-05-01 00:00", "2026-07-01 00:00"}},
		"months by name":           {"0 0 1 jan,JUL *", "2026-03-02 00:00", []string{"2026-07-01 00:00", "2027-01-01 00:00"}},
		"months over the year":     {"0 0 1 nov-feb *", "2026-03-02 00:00", []string{"2026-11-01 00:00", "2026-12-01 00:00", "2027-01-01 00:00", "2027-02-01 00:00", "2027-11-01 00:00"}},
		"the last day":             {"0 16 L * *", "2027-12-31 16:00", []string{"2028-01-31 16:00", "2028-02-29 16:00", "2028-03-31 16:00", "2028-04-30 16:00"}},
		"the last day, in a word":  {"0 0 last * *", "2026-02-01 00:00", []string{"2026-02-28 00:00"}},
		"the last two days":        {"0 0 -2-L * *", "2026-02-01 00:00", []string{"2026-02-27 00:00", "2026-02-28 00:00", "2026-03-30 00:00", "2026-03-31 00:00"}},
		"the day before the last":  {"0 0 -2 * *", "2026-02-01 00:00", []string{"2026-02-27 00:00", "2026-03-30 00:00"}},
		"from the twentieth on":    {"0 0 27-L * *", "2026-02-01 00:00", []string{"2026-02-27 00:00", "2026-02-28 00:00", "2026-03-27 00:00"}},
		"days over the month":      {"0 0 30-2 * *", "2026-04-29 00:00", []string{"2026-04-30 00:00", "2026-05-01 00:00", "2026-05-02 00:00", "2026-05-30 00:00"}},
		"the first and the last":   {"0 0 1,L * *", "2026-02-01 00:00", []string{"2026-02-28 00:00", "2026-03-01 00:00"}},
		"every other day":          {"0 0 */2 * * +01:00", "2026-03-29 12:00", []string{"2026-03-30 23:00", "2026-03-31 23:00", "2026-04-02 23:00"}},
		"a leap day":               {"0 0 29 2 *", "2096-03-01 00:00", []string{"2104-02-29 00:00"}},
		"a day the month has not":  {"0 0 31 * *", "2026-03-31 00:00", []string{"2026-05-31 00:00", "2026-07-31 00:00"}},
		"either day":               {"30 4 1,15 * 5", "2026-03-01 05:00", []string{"2026-03-06 04:30", "2026-03-13 04:30", "2026-03-15 04:30", "2026-03-20 04:30"}},
		"all days of the month":    {"0 0 1-31 * 5", "2026-03-01 05:00", []string{"2026-03-06 00:00", "2026-03-13 00:00"}},
		"all days of the week":     {"0 0 1 * 0-6", "2026-03-01 05:00", []string{"2026-03-02 00:00", "2026-03-03 00:00"}},
		"both days":                {"0 0 */2 * 1-5&", "2022-08-09 00:00", []string{"2022-08-11 00:00", "2022-08-15 00:00"}},
		"both days, after the day": {"59 6 1-7& * 2", "2020-03-15 00:00", []string{"2020-04-07 06:59"}},
		"the second Monday":        {"0 12 * * mon#2", "2024-02-16 12:00", []string{"2024-03-11 12:00", "2024-04-08 12:00", "2024-05-13 12:00"}},
		"the last Friday":          {"0 7 * * fri#L", "2026-03-01 00:00", []string{"2026-03-27 07:00", "2026-04-24 07:00", "2026-05-29 07:00"}},
		"the last Friday but one":  {"0 7 * * 5#-2", "2026-03-01 00:00", []string{"2026-03-20 07:00", "2026-04-17 07:00"}},
		"odd Tuesdays":             {"0 0 * * 2%2+1", "2018-12-31 00:00", []string{"2019-01-01 00:00", "2019-01-15 00:00", "2019-01-29 00:00"}},
		"even Tuesdays":            {"0 0 * * tue%2", "2018-12-31 00:00", []string{"2019-01-08 00:00", "2019-01-22 00:00"}},
		"every third Sunday":       {"0 0 * * 0%3", "2019-01-01 00:00", []string{"2019-01-20 00:00", "2019-02-10 00:00"}},
		"every third Sunday, next": {"0 0 * * 0%3+1", "2019-01-01 00:00", []string{"2019-01-06 00:00", "2019-01-27 00:00"}},
		"an offset that goes over": {"0 0 * * 0%3+4", "2019-01-01 00:00", []string{"2019-01-06 00:00", "2019-01-27 00:00"}},
		"weeks begin on Tuesdays":  {"0 0 * * 1%2+1", "2019-01-01 00:00", []string{"2019-01-07 00:00", "2019-01-21 00:00"}},
		"before the first week":    {"0 0 * * 2%2+1", "2018-12-01 00:00", []string{"2018-12-04 00:00", "2018-12-18 00:00", "2019-01-01 00:00"}},
		"week 353":                 {"0 0 * * 1%353", "2025-10-01 00:00", []string{"2025-10-06 00:00"}},
		"several modulos":          {"0 0 * * 0%2,2%3+2", "2019-01-01 00:00", []string{"2019-01-08 00:00", "2019-01-13 00:00", "2019-01-27 00:00", "2019-01-29 00:00"}},
		"a modulo in a zone":       {"0 0 * * 2%2+1 Asia/Tokyo", "2018-12-31 00:00", []string{"2018-12-31 15:00", "2019-01-14 15:00"}},
		"an offset east":           {"0 8 * * * +09:00", "2026-03-01 00:00", []string{"2026-03-01 23:00"}},
		"an offset west":           {"0 8 * * * -05:30", "2026-03-01 00:00", []string{"2026-03-01 13:30"}},
		"tabs and blanks":          {"  0\t8  *\t* *  ", "2026-03-01 00:00", []string{"2026-03-01 08:00"}},
		"a second before":          {"0 8 * * *", "2026-03-01 07:59", []string{"2026-03-01 08:00"}},
		"over midnight, days apart": {
			"0,55 0,23 * * 1", "2026-03-02 23:00", []string{"2026-03-02 23:55", "2026-03-09 00:00", "2026-03-09 00:55"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectTimes(t, c.line, c.after, c.want)
		})
	}
}

func TestNextHasNoTime(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"February 30":                     "0 0 30 2 *",
		"April 31":                        "0 0 31 4,6,9,11 *",
		"31st from the end of a February": "0 0 -31 2 *",
		"a fifth Monday in early days":    "0 0 1-7& * mon#5",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, line)
			if next, ok := s.Next(at(t, "2026-03-01 00:00")); ok {
				t.Errorf("got %s, want none", next)
			}
		})
	}
	t.Run("nothing read", func(t *testing.T) {
		t.Parallel()
		var s cron.Schedule
		if next, ok := s.Next(at(t, "2026-03-01 00:00")); ok {
			t.Errorf("got %s, want none", next)
		}
	})
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ line, want string }{
		"nothing":                   {"", "can't be blank"},
		"blanks":                    {" \t ", "can't be blank"},
		"too long":                  {"0 0 * * " + strings.Repeat("0,", 130) + "0", "is too long (maximum is 255 bytes)"},
		"two lines":                 {"0 0 * * *\n0 1 * * *", "has characters other than letters"},
		"other letters":             {"0 0 * * montág", "has characters other than letters"},
		"four fields":               {"0 0 * *", "has 4 fields: use five"},
		"seven fields":              {"0 0 * * * UTC now", "has 7 fields: use five"},
		"seconds":                   {"0 0 0 * * *", `has an unknown time zone "*"`},
		"a word that is none":       {"@reboot", `has an unknown word "@reboot": use @hourly`},
		"words":                     {"every day at noon x", `has "every" for a minute`},
		"a random time":             {"0 ~ * * *", "has a `~`: random times are not supported"},
		"a random range":            {"0 1~4 * * *", "has a `~`"},
		"minute 60":                 {"60 * * * *", `has "60" for a minute: use 0 to 59`},
		"hour 25":                   {"0 25 * * *", `has "25" for an hour: use 0 to 23`},
		"day 0":                     {"0 0 0 * *", `has "0" for a day of month: use 1 to 31, or L`},
		"day 32":                    {"0 0 32 * *", `has "32" for a day of month`},
		"day -0":                    {"0 0 -0 * *", `has "-0" for a day of month`},
		"month 0":                   {"0 0 * 0 *", `has "0" for a month: use 1 to 12 or JAN to DEC`},
		"month 13":                  {"0 0 * 13 *", `has "13" for a month`},
		"weekday 8":                 {"0 0 * * 8", `has "8" for a day of week: use 0 to 6 or SUN to SAT`},
		"a full name":               {"0 0 * * monday", `has "monday" for a day of week`},
		"a negative minute":         {"-5 * * * *", `has "-5" for a minute`},
		"three digits":              {"005 * * * *", `has "005" for a minute`},
		"a last hour":               {"0 L * * *", `has "L" for an hour`},
		"a modulo elsewhere":        {"0 0%3 * * *", `has "0%3" for an hour`},
		"an empty element":          {"0,,30 * * * *", "has a comma without a minute beside it"},
		"an empty end":              {"0 8- * * *", `has a range "8-" without an end`},
		"step 0":                    {"*/0 * * * *", `has a step "0" in "*/0"`},
		"an empty step":             {"*/ * * * *", `has a step "" in "*/"`},
		"two steps":                 {"*/20/2 * * * *", `has a step "20/2"`},
		"days backwards":            {"0 0 L--3 * *", `has "L--3" for days of month: count both`},
		"days over the last":        {"0 0 -3-5 * *", `has "-3-5" for days of month: count both`},
		"days to one before L":      {"0 0 20--3 * *", `has "20--3" for days of month: count both`},
		"a step from the last":      {"0 0 L/2 * *", `has "L/2" for days of month: count both`},
		"modulo 0":                  {"0 0 * * 1%0", `has a modulo "0": use a number of weeks from 1 to 520`},
		"a modulo of nothing":       {"0 0 * * 1%", `has a modulo ""`},
		"a modulo too large":        {"0 0 * * 1%521", `has a modulo "521"`},
		"an offset of nothing":      {"0 0 * * 1%2+", `has a modulo "2+"`},
		"a negative offset":         {"0 0 * * 1%2-1", `has a modulo "2-1"`},
		"a modulo of a range":       {"0 0 * * 1-2%2", `has "1-2" for a day of week`},
		"the sixth Monday":          {"0 0 * * 1#6", "has \"6\" after a `#`"},
		"the zeroth Monday":         {"0 0 * * 1#0", "has \"0\" after a `#`"},
		"an unknown zone":           {"0 0 * * * Europe/Atlantis", `has an unknown time zone "Europe/Atlantis": use a name such as`},
		"the machine's zone":        {"0 0 * * * Local", `has an unknown time zone "Local"`},
		"a file for a zone":         {"0 0 * * * ../../etc/passwd", `has an unknown time zone "../../etc/passwd"`},
		"an offset too large":       {"0 0 * * * +24:00", `has an unknown time zone "+24:00"`},
		"an odd offset":             {"0 0 * * * +01:07", `has an unknown time zone "+01:07"`},
		"every minute":              {"* * * * *", "has times only 1 min apart, but builds are scheduled at least 10 min apart"},
		"every five minutes":        {"*/5 * * * *", "has times only 5 min apart"},
		"every eleven minutes":      {"*/11 * * * *", "has times only 5 min apart"},
		"close in a list":           {"0,9 3 * * *", "has times only 9 min apart"},
		"close over an hour":        {"0,55 * * * *", "has times only 5 min apart"},
		"close over midnight":       {"0,55 0,23 * * *", "has times only 5 min apart"},
		"close over some midnights": {"0,55 0,23 8 2 mon#1", "has times only 5 min apart"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cron.Parse(c.line, time.LoadLocation)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: got %v, want %s", c.line, err, c.want)
			}
		})
	}
}

func TestLatest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ line, after, until, want string }{
		"of many":         {"*/10 * * * *", "2020-01-01 00:00", "2026-03-01 08:09", "2026-03-01 08:00"},
		"of two":          {"@daily", "2026-03-01 00:00", "2026-03-03 12:00", "2026-03-03 00:00"},
		"at the end":      {"@daily", "2026-03-01 00:00", "2026-03-03 00:00", "2026-03-03 00:00"},
		"only one":        {"@daily", "2026-03-02 00:00", "2026-03-03 12:00", "2026-03-03 00:00"},
		"none":            {"@daily", "2026-03-03 00:00", "2026-03-03 23:59", ""},
		"none at all":     {"0 0 30 2 *", "2020-01-01 00:00", "2026-03-03 23:59", ""},
		"the wrong order": {"@daily", "2026-03-03 00:00", "2026-03-01 00:00", ""},
		"rare ones":       {"0 0 29 2 *", "2000-01-01 00:00", "2026-03-03 23:59", "2024-02-29 00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, c.line)
			got, ok := s.Latest(at(t, c.after), at(t, c.until))
			if ok != (c.want != "") || (ok && !got.Equal(at(t, c.want))) {
				t.Errorf("got %s %t, want %s", got, ok, c.want)
			}
		})
	}
}
