package wire

import (
	"strings"
	"time"
)

// TimeLayout is how times leave: RFC 3339 in UTC with three decimals (contracts/rest/README.md, Values).
const TimeLayout = "2006-01-02T15:04:05.000Z"

// Time is a time in a JSON body.
type Time time.Time

// String renders the time as it leaves.
func (t Time) String() string { return time.Time(t).UTC().Format(TimeLayout) }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(TimeLayout)+2)
	b = append(b, '"')
	b = time.Time(t).UTC().AppendFormat(b, TimeLayout)
	return append(b, '"'), nil
}

// TimePtr turns an optional time into one that is null in JSON when it is not set.
func TimePtr(t *time.Time) *Time {
	if t == nil {
		return nil
	}
	out := Time(*t)
	return &out
}

// layouts of times that come in: RFC 3339 is what clients send, the others are ISO 8601 forms that people type and
// languages print. A fraction of the seconds is read in each.
var layouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02T15:04:05Z0700", // as strftime's %z writes it
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"20060102T150405Z0700",
	"2006-01-02 15:04:05 UTC",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05",
	"2006-01-02",
}

// ParseTime reads a time from a client. A form without a zone is UTC; ok is false when it is no time.
//
// A plus that nobody encoded arrives as a blank when the time stands in a query; a date and a time with a T between them
// have no other blank.
func ParseTime(text string) (t time.Time, ok bool) {
	if date, offset, found := strings.Cut(text, " "); found && strings.Contains(date, "T") {
		text = date + "+" + offset
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
