package wire

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// spend takes cost from one budget.
func spend(t *testing.T, b *Budget, from string, cost int) Usage {
	t.Helper()
	return Spend(t.Context(), cost, Draw{Budget: b, From: from})[0]
}

func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		windows := NewWindows(time.Minute, time.Now)
		b := &Budget{Scope: "rest", Limit: 2, Counter: windows, Now: time.Now}
		other := &Budget{Scope: "rest_user", Limit: 9, Counter: windows, Now: time.Now}
		spend(t, other, "acme", 5)

		// The bubble's clock starts at midnight, the beginning of a window.
		time.Sleep(18500 * time.Millisecond)
		spend(t, b, "acme", 1)
		u := spend(t, b, "acme", 1)
		if u.Exceeded() || u.Current != 2 || u.Reset != 42 {
			t.Errorf("second request: %+v", u)
		}
		h := http.Header{}
		u.SetHeaders(h, "RateLimit-")
		want := http.Header{
			"Ratelimit-Scope": {"rest"}, "Ratelimit-Limit": {"2"}, "Ratelimit-Remaining": {"0"},
			"Ratelimit-Reset": {"42"}, "Ratelimit-Warning": {LimitWarning},
		}
		if diff := cmp.Diff(want, h); diff != "" {
			t.Errorf("headers differ (-want +got):\n%s", diff)
		}
		both := Spend(t.Context(), 1, Draw{b, "acme"}, Draw{other, "acme"})
		if !both[0].Exceeded() || both[0].Current != 3 || both[1].Exceeded() || both[1].Current != 6 {
			t.Errorf("third request: %+v", both)
		}
		if u := b.Usage(t.Context(), "other"); u.Current != 0 {
			t.Errorf("another organization has spent %d", u.Current)
		}

		time.Sleep(time.Minute)
		if u := b.Usage(t.Context(), "acme"); u.Current != 0 || u.Exceeded() {
			t.Errorf("the next window begins with %+v", u)
		}
	})
}

func TestNoBudgets(t *testing.T) {
	t.Parallel()
	if got := Spend(t.Context(), 1); got != nil {
		t.Errorf("spent %+v from nothing", got)
	}
}

// ledger is a Ledger of one window, which may be out of reach.
type ledger struct {
	counted map[string]int
	asked   int
	err     error
}

func (l *ledger) Add(_ context.Context, cost int, keys []string) ([]int, error) {
	l.asked++
	if l.err != nil {
		return nil, l.err
	}
	var current []int
	for _, k := range keys {
		l.counted[k] += cost
		current = append(current, l.counted[k])
	}
	return current, nil
}

func (l *ledger) Count(_ context.Context, key string) (int, error) { return l.counted[key], l.err }

func TestShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{counted: map[string]int{}}
		log := &strings.Builder{}
		node := func() *Budget {
			shared := NewShared(l, time.Minute, time.Now, slog.New(slog.NewTextHandler(log, nil)))
			return &Budget{Scope: "rest", Limit: 3, Counter: shared, Now: time.Now}
		}
		one, two := node(), node()
		spend(t, one, "acme", 1)
		spend(t, two, "acme", 1)
		if u := spend(t, one, "acme", 1); u.Current != 3 || u.Exceeded() || u.Reset != 60 {
			t.Errorf("third request: %+v", u)
		}
		if u := spend(t, two, "acme", 1); u.Current != 4 || !u.Exceeded() {
			t.Errorf("fourth request: %+v", u)
		}

		t.Log("beyond the limit the ledger is left alone")
		asked := l.asked
		if u := spend(t, two, "acme", 1); u.Current != 5 || !u.Exceeded() || l.asked != asked {
			t.Errorf("fifth request: %+v, the ledger was asked %d times more", u, l.asked-asked)
		}
		if u := two.Usage(t.Context(), "acme"); u.Current != 5 {
			t.Errorf("usage on the node that knows more: %+v", u)
		}
		if u := one.Usage(t.Context(), "acme"); u.Current != 4 {
			t.Errorf("usage on the other node: %+v", u)
		}

		t.Log("in the next window the ledger counts again, and the node alone while it is out of reach")
		time.Sleep(time.Minute)
		clear(l.counted)
		l.err = errors.New("gone")
		if u := spend(t, two, "acme", 1); u.Current != 1 || u.Exceeded() {
			t.Errorf("without the ledger: %+v", u)
		}
		if u := two.Usage(t.Context(), "acme"); u.Current != 1 {
			t.Errorf("usage without the ledger: %+v", u)
		}
		if n := strings.Count(log.String(), "counted on this node alone"); n != 2 {
			t.Errorf("%d warnings:\n%s", n, log)
		}
	})
}
