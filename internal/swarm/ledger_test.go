package swarm

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	type totals struct{ Created, Finished, Twice, Again, Strangers int }
	tests := map[string]struct {
		story    func(l *ledger)
		want     totals
		dispatch []time.Duration
	}{
		"nothing happens": {func(*ledger) {}, totals{}, nil},
		"a job waits": {
			func(l *ledger) { l.create([]string{"a"}, at(1)) },
			totals{Created: 1},
			nil,
		},
		"a job is done": {
			func(l *ledger) {
				l.create([]string{"a"}, at(1))
				l.hand("a", 1, at(3))
				l.finish("a", at(4))
			},
			totals{Created: 1, Finished: 1},
			[]time.Duration{2 * time.Second},
		},
		"an agent is faster than the answer": {
			func(l *ledger) {
				l.hand("a", 1, at(2))
				l.finish("a", at(3))
				l.create([]string{"a", "b"}, at(1))
			},
			totals{Created: 2, Finished: 1},
			[]time.Duration{time.Second},
		},
		"a job is said again to its agent": {
			func(l *ledger) {
				l.create([]string{"a"}, at(1))
				l.hand("a", 1, at(2))
				l.finish("a", at(3))
				l.hand("a", 1, at(9))
			},
			totals{Created: 1, Finished: 1, Again: 1},
			[]time.Duration{time.Second},
		},
		"a job that was not begun goes to another agent": {
			func(l *ledger) {
				l.create([]string{"a"}, at(1))
				l.hand("a", 1, at(2))
				l.hand("a", 2, at(9))
				l.finish("a", at(10))
			},
			totals{Created: 1, Finished: 1, Again: 1},
			[]time.Duration{time.Second},
		},
		"a finished job goes to another agent": {
			func(l *ledger) {
				l.create([]string{"a"}, at(1))
				l.hand("a", 1, at(2))
				l.finish("a", at(3))
				l.hand("a", 2, at(9))
			},
			totals{Created: 1, Finished: 1, Twice: 1, Again: 1},
			[]time.Duration{time.Second},
		},
		"a job is finished twice": {
			func(l *ledger) {
				l.create([]string{"a"}, at(1))
				l.hand("a", 1, at(2))
				l.finish("a", at(3))
				l.finish("a", at(4))
			},
			totals{Created: 1, Finished: 1, Twice: 1},
			[]time.Duration{time.Second},
		},
		"a job is of another run": {
			func(l *ledger) {
				l.hand("z", 1, at(2))
				l.finish("z", at(3))
			},
			totals{Strangers: 1},
			nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger()
			test.story(l)
			got := totals{Again: l.repeats(), Strangers: l.strangers()}
			got.Created, got.Finished, got.Twice = l.totals()
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("totals: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.dispatch, l.dispatch.Sorted()); diff != "" {
				t.Errorf("dispatch: -want +got:\n%s", diff)
			}
		})
	}
}

func TestLedgerEndsWithTheLastJob(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.finish("a", time.Unix(9, 0))
	l.finish("b", time.Unix(5, 0))
	if got := l.end(); !got.Equal(time.Unix(9, 0)) {
		t.Errorf("got %v", got)
	}
}
