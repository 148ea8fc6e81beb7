package rest

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
)

// TestConcurrencyWait: jobs of concurrency groups are shown as scheduled while they ask for a slot, and then tell how
// long that took.
func TestConcurrencyWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	states := []build.JobState{build.JobLimiting, build.JobLimited, build.JobScheduled, build.JobRunning}
	none, some := time.Duration(0), 1999*time.Microsecond
	waits := []*time.Duration{nil, nil, &none, &some}
	w.manyJobs(t, len(states), func(i int, j *store.Job) {
		j.State, j.ConcurrencyWait = states[i], waits[i]
		j.Concurrency = pipeline.Concurrency{Group: "g", Limit: 1, Method: pipeline.Ordered}
	})
	type shown struct {
		State string
		Wait  *int64 `json:"concurrency_wait_time_ms"`
	}
	list := func(query string) []shown {
		var page struct{ Items []shown }
		w.get(t, w.path(w.jobsPath())+query).want(t, http.StatusOK).into(t, &page)
		return page.Items
	}
	zero, one := int64(0), int64(1)
	want := []shown{{"scheduled", nil}, {"scheduled", nil}, {"scheduled", &zero}, {"running", &one}}
	if diff := cmp.Diff(want, list("")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1:2], list("?state[]=limited")); diff != "" {
		t.Errorf("limited (-want +got):\n%s", diff)
	}
}
