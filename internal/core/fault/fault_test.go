package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/google/go-cmp/cmp"
)

func TestError(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk is full")
	for name, c := range map[string]struct {
		err     *fault.Error
		kind    fault.Kind
		message string
		text    string
	}{
		"new":     {fault.New(fault.Conflict, "Agent %s is busy", "a"), fault.Conflict, "Agent a is busy", "Agent a is busy"},
		"wrap":    {fault.Wrap(fault.Unavailable, cause, "Try %d times", 2), fault.Unavailable, "Try 2 times", "Try 2 times: disk is full"},
		"missing": {fault.Missing("build"), fault.NotFound, "No build found", "No build found"},
		"reason":  {fault.Reason("Name is %q", "x"), fault.Invalid, `Validation failed: Name is "x"`, `Validation failed: Name is "x"`},
		"fields":  {fault.InvalidFields(fault.Field{Field: "name", Code: "missing"}), fault.Invalid, "Validation Failed", "Validation Failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.err.Kind != c.kind || c.err.Message != c.message || c.err.Error() != c.text {
				t.Errorf("got %s, %q and %q", c.err.Kind, c.err.Message, c.err.Error())
			}
		})
	}
	if !errors.Is(fault.Wrap(fault.Unavailable, cause, "Try again"), cause) {
		t.Error("the cause is lost")
	}
	want := []fault.Field{{Field: "name", Code: "missing"}, {Field: "slug", Code: "taken"}}
	if diff := cmp.Diff(want, fault.InvalidFields(want...).Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	inner := fault.New(fault.Locked, "Not yet")
	for name, c := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"nil":        {nil, ""},
		"plain":      {errors.New("oops"), ""},
		"itself":     {inner, fault.Locked},
		"wrapped":    {fmt.Errorf("take the job: %w", inner), fault.Locked},
		"outer wins": {fault.Wrap(fault.Unavailable, inner, "Try again"), fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := fault.KindOf(c.err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.want != "" && !fault.Is(c.err, c.want) {
				t.Errorf("Is %s is false", c.want)
			}
			if fault.Is(c.err, fault.TooLarge) {
				t.Error("Is is true for another kind")
			}
		})
	}
}
