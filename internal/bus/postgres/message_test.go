package postgres

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutbox(t *testing.T) {
	t.Parallel()

	t.Run("each hint once, in order", func(t *testing.T) {
		t.Parallel()
		var o outbox
		for _, payload := range []string{"1", "2", "1", "3", "2"} {
			o.add(hint{"jobs", payload})
		}
		got := open(t, o.take("node"))
		if diff := cmp.Diff([]hint{{"jobs", "1"}, {"jobs", "2"}, {"jobs", "3"}}, got); diff != "" {
			t.Errorf("hints (-want +got):\n%s", diff)
		}
		if !o.empty() || len(o.take("node")) != 0 {
			t.Error("not empty after take")
		}
	})
	t.Run("as few messages as fit", func(t *testing.T) {
		t.Parallel()
		var o outbox
		var want []hint
		for i := range 100 {
			h := hint{"jobs", fmt.Sprint(i) + strings.Repeat("x", 1000)}
			want = append(want, h)
			o.add(h)
		}
		messages := o.take("node")
		if len(messages) != 17 { // six hints fit into one
			t.Errorf("%d messages, want 17", len(messages))
		}
		for _, m := range messages {
			if len(m) >= 8000 {
				t.Errorf("message of %d bytes", len(m))
			}
		}
		if diff := cmp.Diff(want, open(t, messages)); diff != "" {
			t.Errorf("hints (-want +got):\n%s", diff)
		}
	})
	t.Run("too many", func(t *testing.T) {
		t.Parallel()
		var o outbox
		for i := range maxPending + 10 {
			o.add(hint{"jobs", fmt.Sprint(i)})
		}
		messages := o.take("node")
		if len(messages) != 1 {
			t.Fatalf("%d messages, want 1", len(messages))
		}
		if m, err := decode(messages[0]); err != nil || !m.Everything || m.Node != "node" || len(m.Hints) != 0 {
			t.Errorf("got %+v, %v", m, err)
		}
	})
}

func open(t *testing.T, messages []string) []hint {
	t.Helper()
	var hints []hint
	for _, text := range messages {
		m, err := decode(text)
		if err != nil {
			t.Fatal(err)
		}
		hints = append(hints, m.Hints...)
	}
	return hints
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"node":"a","hints":[["jobs","1"]]}`)
	f.Add(`{"node":"a","everything":true}`)
	f.Add(`[[[`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := decode(text)
		if err != nil {
			return
		}
		var o outbox
		for _, h := range m.Hints {
			o.add(h)
		}
		for _, message := range o.take(m.Node) {
			if _, err := decode(message); err != nil {
				t.Errorf("cannot read what was written: %v", err)
			}
		}
	})
}
