package cron_test

import (
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/cron"
)

// FuzzParse reads anything: what is accepted keeps its promises, and what is refused is told why.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"0 0 * * *", "@hourly", "@daily Europe/Berlin", "*/10 * * * * +09:00", "0 0 -2-L * *", "0 0 L,1-5/2,last * 0%3",
		"30 2 29 2 2%2+1&", "0 22-4/3 28-3& nov-feb FRI#L", "0 ~ * * *", "* * * * *", "0 0 30 2 *", "0 24 * * 7-2",
	} {
		f.Add(line, int64(1_774_742_400))
	}
	f.Fuzz(func(t *testing.T, line string, second int64) {
		s, err := cron.Parse(line, time.LoadLocation)
		if err != nil {
			if err.Error() == "" {
				t.Errorf("%q is refused without a word", line)
			}
			return
		}
		const century = 100 * 366 * 24 * 3600
		after := time.Unix(second%century, 0)
		for range 5 {
			next, ok := s.Next(after)
			if !ok {
				return
			}
			if !next.After(after) {
				t.Fatalf("%q: %s is not after %s", line, next, after)
			}
			after = next
		}
	})
}
