package rest

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestJobsBehindBlock proves that objects, lists and counts agree on which jobs are blocked.
func TestJobsBehindBlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, ids := w.created(t, `
steps:
  - {block: Go, key: ask}
  - {command: a, key: a}
  - {trigger: child, key: t}
  - {wait: ~, key: gate}
  - {command: b, key: b}
`)
	type shownJob struct {
		StepKey string `json:"step_key"`
		State   string `json:"state"`
	}
	states := func(jobs []shownJob) map[string]string {
		byKey := map[string]string{}
		for _, j := range jobs {
			byKey[j.StepKey] = j.State
		}
		return byKey
	}
	want := map[string]string{"ask": "blocked", "a": "blocked", "t": "blocked", "gate": "waiting", "b": "waiting"}

	var b struct {
		Jobs   []shownJob `json:"jobs"`
		Counts struct {
			Total  int            `json:"total"`
			States map[string]int `json:"states"`
		} `json:"job_state_counts"`
	}
	w.get(t, path).want(t, http.StatusOK).into(t, &b)
	if diff := cmp.Diff(want, states(b.Jobs)); diff != "" {
		t.Errorf("jobs of the build (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"blocked": 3, "waiting": 2}, b.Counts.States); diff != "" || b.Counts.Total != 5 {
		t.Errorf("%d jobs (-want +got):\n%s", b.Counts.Total, diff)
	}
	for _, state := range []string{"blocked", "waiting"} {
		var page struct {
			Items []shownJob `json:"items"`
		}
		w.get(t, path+"/jobs?state[]="+state).want(t, http.StatusOK).into(t, &page)
		matching := map[string]string{}
		for key, is := range want {
			if is == state {
				matching[key] = is
			}
		}
		if diff := cmp.Diff(matching, states(page.Items)); diff != "" {
			t.Errorf("jobs listed as %s (-want +got):\n%s", state, diff)
		}
	}
	var j shownJob
	w.get(t, "jobs/"+ids["a"]).want(t, http.StatusOK).into(t, &j)
	if j.State != "blocked" {
		t.Errorf("the job by itself is %s", j.State)
	}
}
