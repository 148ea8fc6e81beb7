package agentapi_test

import (
	"net/http"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
)

// TestRejectedUploadIsRemembered repeats an upload that was refused, as an agent does whose answer got lost, and asks
// what became of it.
func TestRejectedUploadIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - {command: one, key: taken}\n")
	j := w.take(w.agent())
	id := store.NewID()
	var messages []string
	for range 2 {
		err := j.Upload(t.Context(), id, `{"steps":[{"command":"two","key":"taken"}]}`)
		wantStatus(t, err, http.StatusUnprocessableEntity)
		messages = append(messages, err.Error())
	}
	if messages[0] != messages[1] {
		t.Errorf("the answers are %q", messages)
	}
	var status struct{ State, Message string }
	_, err := j.Call(t.Context(), http.MethodGet, "pipelines/"+id, nil, &status)
	must(t, err)
	if status.State != "rejected" || status.Message == "" {
		t.Errorf("upload is %+v", status)
	}
	w.wantBuild(b, build.Running)
	if n := len(w.jobs(b)); n != 1 {
		t.Errorf("the build has %d jobs", n)
	}
}
