package agentclient

import (
	"context"
	"math"
	"time"
)

// budget says how often and how long apart a call is tried (docs/contract/agent-api.md, section 4).
type budget struct {
	attempts int
	// wait is the time after the n-th attempt, from 1; random is in [0, 1).
	wait  func(n int, random float64) time.Duration
	again func(error) bool
}

var (
	registerBudget   = budget{30, every(10 * time.Second), Retryable}
	connectBudget    = budget{10, every(5 * time.Second), always}
	disconnectBudget = budget{4, every(time.Second), always}
	heartbeatBudget  = budget{10, every(5 * time.Second), Retryable}
	acceptBudget     = budget{30, every(5 * time.Second), noStatus}
	startBudget      = budget{7, doubling, Retryable}
	chunkBudget      = budget{12, curve, not4xx}
	finishBudget     = budget{12, curve, Retryable}
)

func every(d time.Duration) func(int, float64) time.Duration {
	return func(int, float64) time.Duration { return d }
}

// doubling is 1, 2, 4, … seconds.
func doubling(n int, _ float64) time.Duration { return time.Second << (n - 1) }

// curve is 2.0, 3.2, 5.2, 8.3, … 231 seconds, and up to a second more.
func curve(n int, random float64) time.Duration {
	seconds := math.Pow(2, 1+float64(n-1)*curveSlope) + random
	return time.Duration(seconds * float64(time.Second))
}

// curveSlope makes the eleventh wait 231 s when the first is 2 s.
const curveSlope = 0.6852

// retry sends a request until it succeeds, its budget is used up, or the error is final.
func (c *Client) retry(ctx context.Context, b budget, r request, out any) error {
	for n := 1; ; n++ {
		err := c.once(ctx, r, out)
		if err == nil || n == b.attempts || ctx.Err() != nil || !b.again(err) {
			return err
		}
		if pause := c.Pause(ctx, b.wait(n, c.Random())); pause != nil {
			return err
		}
	}
}

// Sleep is the Pause of real runs.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
