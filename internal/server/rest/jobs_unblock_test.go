package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

const blockSteps = `
steps:
  - block: "Release?"
    key: release
    fields:
      - {text: Version, key: version, format: '[0-9]+(\.[0-9]+)*'}
      - {text: Notes, key: notes, required: false}
      - {select: Stage, key: stage, default: beta, options: [{label: Beta, value: beta}, {label: Live, value: live}]}
      - {select: Regions, key: regions, multiple: true, required: false, options: [{label: EU, value: eu}, {label: US, value: us}]}
  - input: "More?"
    key: more
    allowed_teams: [ops]
    fields:
      - {text: Why, key: why, default: because}
  - command: after
    key: after
`

type shownManual struct {
	ID          string  `json:"id"`
	State       string  `json:"state"`
	Unblockable bool    `json:"unblockable"`
	UnblockURL  *string `json:"unblock_url"`
	UnblockedAt *string `json:"unblocked_at"`
	UnblockedBy *struct {
		ID string `json:"id"`
	} `json:"unblocked_by"`
}

// created makes a build of a configuration and returns the build's path and its jobs by step key.
func (w *world) created(t *testing.T, configuration string) (string, map[string]string) {
	t.Helper()
	p := storetest.Pipeline(t, w.st, w.Organization, func(p *store.Pipeline) {
		p.ClusterID, p.Configuration = &w.Cluster.ID, configuration
	})
	var b shownBuild
	w.do(t, "POST", "pipelines/"+p.Slug+"/builds", `{"commit": "HEAD", "branch": "main"}`).want(t, http.StatusCreated).into(t, &b)
	jobs := map[string]string{}
	for _, j := range b.Jobs {
		jobs[j.StepKey] = j.ID
	}
	return "pipelines/" + p.Slug + "/builds/1", jobs
}

func TestUnblockFields(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body    string
		message string
		want    map[string]string
	}{
		"strings": {
			`{"fields": {"version": "1.2", "notes": "a\r\nb", "stage": "live", "regions": "eu\nus"}}`, "",
			map[string]string{"version": "1.2", "notes": "a\nb", "stage": "live", "regions": "eu\nus"},
		},
		"arrays": {
			`{"fields": {"version": ["1.2"], "stage": ["live"], "regions": ["us", "eu"]}}`, "",
			map[string]string{"version": "1.2", "notes": "", "stage": "live", "regions": "us\neu"},
		},
		"defaults": {
			`{"fields": {"version": 3}}`, "",
			map[string]string{"version": "3", "notes": "", "stage": "beta", "regions": ""},
		},
		"required":       {`{}`, "`version` is required", nil},
		"format":         {`{"fields": {"version": "1.2 "}}`, `does not have the format`, nil},
		"option":         {`{"fields": {"version": "1", "stage": "gamma"}}`, "`stage` has no option \"gamma\"", nil},
		"single choice":  {`{"fields": {"version": "1", "stage": ["beta", "live"]}}`, "`stage` takes a single choice", nil},
		"unknown":        {`{"fields": {"version": "1", "color": "red"}}`, "`color` is not a field of this step", nil},
		"no string":      {`{"fields": {"version": {"a": 1}}}`, "Validation Failed", nil},
		"unknown person": {`{"fields": {"version": "1"}, "unblocker": "0190d1b2-0000-7000-8000-000000000000"}`, "Unblocker is not a valid user id for this organization", nil},
		"no person":      {`{"fields": {"version": "1"}, "unblocker": "me"}`, "Unblocker is not a valid user id for this organization", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			at, jobs := w.created(t, blockSteps)
			res := w.do(t, "PUT", at+"/jobs/"+jobs["release"]+"/unblock", tt.body)
			var b struct {
				MetaData map[string]string `json:"meta_data"`
			}
			w.get(t, at).into(t, &b)
			if tt.want == nil {
				res.want(t, http.StatusUnprocessableEntity)
				if !strings.Contains(res.message(), tt.message) {
					t.Errorf("message %q, want %q", res.message(), tt.message)
				}
				if len(b.MetaData) > 0 {
					t.Errorf("a refused unblock wrote the meta-data %v", b.MetaData)
				}
				return
			}
			res.want(t, http.StatusOK)
			if diff := cmp.Diff(tt.want, b.MetaData); diff != "" {
				t.Errorf("meta-data differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnblock(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := newWorldOn(t, st)
		at, jobs := w.created(t, blockSteps)
		job := func(key string) (j shownManual) {
			w.get(t, at+"/jobs/"+jobs[key]).want(t, http.StatusOK).into(t, &j)
			return j
		}
		before := job("release")
		if before.State != "blocked" || !before.Unblockable || before.UnblockURL == nil || before.UnblockedBy != nil {
			t.Errorf("offered step is %+v", before)
		}
		w.do(t, "PUT", at+"/jobs/"+jobs["after"]+"/unblock", "{}").wantError(t, http.StatusBadRequest, "This job type cannot be unblocked")
		body := `{"fields": {"version": "1"}, "unblocker": "` + w.Member.ID + `"}`
		for range 2 { // a client that repeats itself gets the same answer
			w.do(t, "PUT", at+"/jobs/"+jobs["release"]+"/unblock", body).want(t, http.StatusOK)
		}
		w.do(t, "PUT", at+"/jobs/"+jobs["release"]+"/unblock", "{}").wantError(t, http.StatusUnprocessableEntity, "The job has already been unblocked")
		after := job("release")
		if after.State != "unblocked" || after.Unblockable || after.UnblockURL != nil || after.UnblockedAt == nil ||
			after.UnblockedBy == nil || after.UnblockedBy.ID != w.Member.ID {
			t.Errorf("unblocked step is %+v", after)
		}
		agent := storetest.Agent(t, st, w.Queue)
		var env struct{ Env map[string]string }
		running := w.take(t, agent)
		w.get(t, "jobs/"+running.ID+"/env").into(t, &env)
		if env.Env["BUILDKITE_UNBLOCKER_ID"] != w.Member.ID || env.Env["BUILDKITE_UNBLOCKER_EMAIL"] != w.Member.Email {
			t.Errorf("environment %v", env.Env)
		}
		w.finish(t, *running, 0)
		var b struct {
			State   string
			Blocked bool
		}
		if w.get(t, at).into(t, &b); !b.Blocked { // the input keeps the build from its end
			t.Errorf("build with an open input is %+v", b)
		}
		member := storetest.APIToken(t, st, w.Organization, w.Member).ID
		res := w.do(t, "PUT", at+"/jobs/"+jobs["more"]+"/unblock", "{}", as(member)).want(t, http.StatusForbidden)
		if !strings.Contains(res.message(), "ops") {
			t.Errorf("message %q does not name the team", res.message())
		}
		w.do(t, "PUT", at+"/jobs/"+jobs["more"]+"/unblock", "{}").want(t, http.StatusOK)
		var meta struct {
			State    string
			MetaData map[string]string `json:"meta_data"`
		}
		if w.get(t, at).into(t, &meta); meta.State != "passed" || meta.MetaData["why"] != "because" {
			t.Errorf("build is %+v", meta)
		}
	})
}

func TestCanceledBuildRefusesUnblockAndRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at, jobs := w.created(t, blockSteps)
	w.do(t, "PUT", at+"/cancel", "").want(t, http.StatusOK)
	w.do(t, "PUT", at+"/jobs/"+jobs["release"]+"/unblock", "{}").wantError(t, http.StatusUnprocessableEntity, "Jobs from canceled builds cannot be unblocked")
	w.do(t, "PUT", at+"/jobs/"+jobs["after"]+"/retry", "").wantError(t, http.StatusUnprocessableEntity, "Jobs from canceled builds cannot be retried")
	w.do(t, "PUT", at+"/retry_failed_jobs", "").wantError(t, http.StatusUnprocessableEntity, "Jobs from canceled builds cannot be retried")
}

func TestRetryFailedJobs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		want int
	}{
		"all":         {``, 2},
		"empty":       {`{"states": ""}`, 2},
		"failed":      {`{"states": "failed"}`, 1},
		"soft failed": {`{"states": "soft_failed"}`, 1},
		"both":        {`{"states": "failed, soft_failed"}`, 2},
		"none":        {`{"states": "timed_out,expired,canceled"}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			at, _ := w.created(t, "steps:\n  - {command: a, key: a}\n  - {command: b, key: b, soft_fail: true}\n"+
				"  - {command: c, key: c, retry: {manual: false}}\n  - {command: d, key: d}\n")
			agent := storetest.Agent(t, w.st, w.Queue)
			for _, status := range []int{1, 1, 1, 0} {
				w.finish(t, *w.take(t, agent), status)
			}
			var b struct {
				State string
				Count *int `json:"retried_jobs_count"`
				Jobs  []shownJob
			}
			w.do(t, "PUT", at+"/retry_failed_jobs", tt.body).want(t, http.StatusAccepted).into(t, &b)
			if b.Count == nil || *b.Count != tt.want || len(b.Jobs) != 4 {
				t.Errorf("retried %v of %d jobs, want %d", b.Count, len(b.Jobs), tt.want)
			}
			if wantState := map[bool]string{true: "failing", false: "failed"}[tt.want > 0]; b.State != wantState {
				t.Errorf("build is %s, want %s", b.State, wantState)
			}
			w.do(t, "PUT", at+"/retry_failed_jobs", `{"states": "failed,broken"}`).wantError(t, http.StatusBadRequest,
				"Invalid states: broken. Valid states are canceled, expired, failed, soft_failed, timed_out.")
		})
	}
}

func TestRetryTexts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at, jobs := w.created(t, "steps:\n  - {command: a, key: passed}\n  - {command: b, key: forbidden, retry: {manual: {allowed: false, reason: Ask ops}}}\n"+
		"  - {command: c, key: permitted, retry: {manual: {permit_on_passed: true}}}\n  - {wait: ~, key: gate, continue_on_failure: true}\n")
	agent := storetest.Agent(t, w.st, w.Queue)
	for _, status := range []int{0, 1, 0} {
		w.finish(t, *w.take(t, agent), status)
	}
	const onlyFailed = "Only failed, timed out or canceled jobs can be retried"
	w.do(t, "PUT", at+"/jobs/"+jobs["passed"]+"/retry", "").wantError(t, http.StatusBadRequest, onlyFailed)
	w.do(t, "PUT", at+"/jobs/"+jobs["gate"]+"/retry", "").wantError(t, http.StatusBadRequest, onlyFailed)
	w.do(t, "PUT", at+"/jobs/"+jobs["forbidden"]+"/retry", "").wantError(t, http.StatusBadRequest, "Ask ops")
	w.do(t, "PUT", at+"/jobs/"+jobs["permitted"]+"/retry", "").want(t, http.StatusOK)
	w.do(t, "PUT", at+"/jobs/"+jobs["permitted"]+"/retry", "").wantError(t, http.StatusBadRequest, "Jobs can only be retried once")
}
