package build_test

import (
	"errors"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
)

func TestAcquired(t *testing.T) {
	t.Parallel()
	w := created(t, "steps: [{command: x, key: x}, {command: y, key: y, depends_on: x}]")
	apply(t, w, build.Acquired{JobID: job(t, w, "x").ID, AgentID: "a"})
	if j := job(t, w, "x"); j.State != build.JobAccepted || j.AgentID != "a" || j.AssignedAt == nil || j.AcceptedAt == nil {
		t.Errorf("acquired job is %+v", j)
	}
	if again := apply(t, w, build.Acquired{JobID: job(t, w, "x").ID, AgentID: "a"}); !again.Empty() {
		t.Errorf("acquiring it again changes %+v", again)
	}
	for name, ev := range map[string]build.Acquired{
		"by another agent":       {JobID: job(t, w, "x").ID, AgentID: "b"},
		"that waits for another": {JobID: job(t, w, "y").ID, AgentID: "b"},
	} {
		_, err := w.Try(ev)
		var refusal *build.Refusal
		if !errors.As(err, &refusal) || refusal.Code != build.Conflict {
			t.Errorf("acquiring a job %s: %v", name, err)
		}
	}
}
