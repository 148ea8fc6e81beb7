package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// jobsPath is where jobs of the first build of the world's pipeline are.
func (w *world) jobsPath() string { return w.buildsPath() + "/1/jobs" }

// manyJobs adds a build of so many jobs, each of a step of its own, and returns their ids in build order.
func (w *world) manyJobs(tb testing.TB, n int, edit func(i int, j *store.Job)) []string {
	tb.Helper()
	b := storetest.Build(tb, w.st, w.Pipeline)
	var ids []string
	for i := range n {
		step := storetest.Step(tb, w.st, b, func(s *build.Step) {
			s.Path, s.Key = fmt.Sprintf("%05d", i), fmt.Sprintf("step-%d", i)
		})
		ids = append(ids, storetest.Job(tb, w.st, b, step, func(j *store.Job) { edit(i, j) }).ID)
	}
	return ids
}

func TestJobCursors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := w.manyJobs(t, 7, func(int, *store.Job) {})
	type page struct {
		Items []shownJob  `json:"items"`
		Links cursorLinks `json:"links"`
	}
	follow := func(address string, next func(cursorLinks) string) (seen []string, last string) {
		for address != "" {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			res := w.get(t, u.RequestURI()).want(t, http.StatusOK)
			var p page
			res.into(t, &p)
			for _, j := range p.Items {
				seen = append(seen, j.ID)
			}
			if p.Links.Self != address {
				t.Errorf("self is %s on %s", p.Links.Self, address)
			}
			if hasLink := res.Header.Get("Link") != ""; hasLink != (p.Links.Next != "" || p.Links.Prev != "") {
				t.Errorf("Link is %q beside %+v", res.Header.Get("Link"), p.Links)
			}
			last, address = address, next(p.Links)
		}
		return seen, last
	}
	first := testBase + w.path(w.jobsPath()) + "?per_page=3&state%5B%5D=running"
	seen, last := follow(first, func(l cursorLinks) string { return l.Next })
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("forwards (-want +got):\n%s", diff)
	}
	back, _ := follow(last, func(l cursorLinks) string { return l.Prev })
	if diff := cmp.Diff([]string{want[6], want[3], want[4], want[5], want[0], want[1], want[2]}, back); diff != "" {
		t.Errorf("backwards (-want +got):\n%s", diff)
	}
}

// TestJobCursorsOutliveTheirFilter follows a link to jobs of a state after the job that it begins after has left the state.
func TestJobCursorsOutliveTheirFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	zero := 0
	ids := w.manyJobs(t, 5, func(i int, j *store.Job) {
		if i == 2 {
			j.State, j.ExitStatus = build.JobFinished, &zero
		}
	})
	for query, want := range map[string][]string{
		"state[]=running&after=" + ids[2]:             {ids[3], ids[4]},
		"state[]=running&before=" + ids[2]:            {ids[0], ids[1]},
		"state[]=running&per_page=1&after=" + ids[2]:  {ids[3]},
		"state[]=running&per_page=1&before=" + ids[2]: {ids[1]},
		"state[]=passed&after=" + ids[4]:              {},
		"state[]=passed&before=" + ids[0]:             {},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			var page struct {
				Items []shownJob  `json:"items"`
				Links cursorLinks `json:"links"`
			}
			w.get(t, w.jobsPath()+"?"+query).want(t, http.StatusOK).into(t, &page)
			got := []string{}
			for _, j := range page.Items {
				got = append(got, j.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("jobs differ (-want +got):\n%s", diff)
			}
			if u, err := url.Parse(page.Links.Self); err != nil || u.Query().Get("per_page") == "" {
				t.Errorf("self %q names no page size", page.Links.Self)
			}
		})
	}
}

func TestJobListErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.manyJobs(t, 1, func(int, *store.Job) {})
	for query, message := range map[string]string{
		"per_page=0":                            "The parameter per_page must be a number from 1 to 100",
		"per_page=101":                          "The parameter per_page must be a number from 1 to 100",
		"per_page=many":                         "The parameter per_page must be a number from 1 to 100",
		"after=x":                               "The parameter after is no cursor of this list",
		"before=x":                              "The parameter before is no cursor of this list",
		"after=" + ids[0] + "&before=" + ids[0]: "The parameters after and before cannot be used together",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			w.get(t, w.jobsPath()+"?"+query).wantError(t, http.StatusBadRequest, message)
		})
	}
	if res := w.get(t, w.jobsPath()+"?state=finished"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("state=finished: %d %s", res.StatusCode, res.body)
	}
	if res := w.get(t, w.jobsPath()+"?after="+w.Queue.ID); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a cursor of another list: %d %s", res.StatusCode, res.body)
	}
}

func TestJobFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	zero, one := 0, 1
	w.manyJobs(t, 5, func(i int, j *store.Job) {
		switch i {
		case 0:
			j.State, j.ExitStatus = build.JobFinished, &zero
		case 1:
			j.State, j.ExitStatus = build.JobFinished, &one
		case 2:
			j.PromisedExitStatus = &one
		case 3:
			j.State = build.JobLimited
		}
	})
	for query, want := range map[string][]string{
		"":                               {"passed", "failed", "running", "scheduled", "running"},
		"state=passed":                   {"passed"},
		"state[]=failed":                 {"failed", "running"},
		"state=running":                  {"running"},
		"state=limited":                  {"scheduled"},
		"state=passed&state[]=scheduled": {"passed", "scheduled"},
		"step_key=step-1":                {"failed"},
		"step_key=unknown":               {},
		"group_key=unknown":              {},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			var page struct {
				Items []shownJob `json:"items"`
			}
			w.get(t, w.jobsPath()+"?"+query).want(t, http.StatusOK).into(t, &page)
			got := []string{}
			for _, j := range page.Items {
				got = append(got, j.State)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("states differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJobActionErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.manyJobs(t, 1, func(int, *store.Job) {})[0]
	tests := []struct {
		action, body string
		status       int
		message      string
	}{
		{"retry", ``, 400, "Only failed, timed out or canceled jobs can be retried"},
		{"reprioritize", `{"priority": "high"}`, 400, "Priority must be an integer"},
		{"reprioritize", `{"priority": 1.5}`, 400, "Priority must be an integer"},
		{"reprioritize", ``, 400, "Priority must be an integer"},
		{"unblock", ``, 400, "This job type cannot be unblocked"},
	}
	for _, path := range []string{w.jobsPath() + "/", "jobs/"} {
		for _, tt := range tests {
			w.do(t, http.MethodPut, path+id+"/"+tt.action, tt.body).wantError(t, tt.status, tt.message)
			w.do(t, http.MethodPut, path+w.Queue.ID+"/"+tt.action, `{"priority": 1}`).wantError(t, 404, "No job found")
		}
	}
}
