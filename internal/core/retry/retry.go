// Package retry decides how long to wait before something that failed is tried again. It does not wait.
package retry

import "time"

const (
	// First is the mean delay after the first failed attempt.
	First = 2 * time.Second
	// Longest bounds every delay.
	Longest = time.Hour
)

// Delay returns how long to wait after the n-th failed attempt, counted from one. The mean doubles with each attempt
// until it reaches Longest. rnd, from [0, 1), moves a delay below Longest by up to half of the mean either way, so that
// what failed together does not come back together.
func Delay(attempt int, rnd float64) time.Duration {
	mean := First
	for i := 1; i < attempt && mean < Longest; i++ {
		mean *= 2
	}
	return min(Longest, time.Duration((0.5+rnd)*float64(mean)))
}
