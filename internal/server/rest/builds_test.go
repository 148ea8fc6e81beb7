package rest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// buildsPath is where builds of the world's pipeline are.
func (w *world) buildsPath() string { return "pipelines/" + w.Pipeline.Slug + "/builds" }

// numbers are the numbers of the builds in a list.
func numbers(tb testing.TB, res response) []int64 {
	tb.Helper()
	var items []shownBuild
	res.want(tb, http.StatusOK).into(tb, &items)
	list := []int64{}
	for _, b := range items {
		list = append(list, b.Number)
	}
	return list
}

func TestBuildFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	const sha = "0123456789012345678901234567890123456789"
	edits := []func(*store.Build){
		func(b *store.Build) { b.State, b.Branch = build.Passed, "main" },
		func(b *store.Build) { b.State, b.Branch, b.CreatorID = build.Failed, "feature/a", &w.Admin.ID },
		func(b *store.Build) { b.State, b.BlockedState, b.Branch = build.Blocked, build.Passed, "feature/b" },
		func(b *store.Build) { b.State, b.Commit = build.Skipped, sha },
		func(b *store.Build) { b.State = build.Running },
	}
	for i, edit := range edits {
		b := storetest.Build(t, w.st, w.Pipeline, func(b *store.Build) {
			finished := day(i + 10)
			b.CreatedAt, b.FinishedAt = day(i+1), &finished
			edit(b)
		})
		storetest.Write(t, w.st, func(tx *sqldb.Tx) error {
			return store.SetMetaData(t.Context(), tx, b.ID, map[string]string{"n": fmt.Sprint(i + 1), "odd": fmt.Sprint((i+1)%2 == 1)})
		})
	}
	tests := map[string][]int64{
		"":                                   {5, 4, 3, 2, 1},
		"state=passed":                       {1},
		"state[]=passed&state[]=failed":      {2, 1},
		"state=blocked":                      {3},
		"state=finished":                     {3, 2, 1},
		"state=unheard_of":                   {},
		"branch=main":                        {5, 4, 1},
		"branch=feature/*":                   {3, 2},
		"branch[]=feature/a&branch[]=main":   {5, 4, 2, 1},
		"branch=feature":                     {},
		"commit=" + sha:                      {4},
		"commit=" + sha[:7]:                  {},
		"creator=" + w.Admin.ID:              {2},
		"creator=nobody":                     {},
		"created_from=2026-01-03T00:00:00Z":  {5, 4, 3},
		"created_to=2026-01-03T00:00:00Z":    {2, 1},
		"finished_from=2026-01-13T00:00:00Z": {5, 4},
		"meta_data[odd]=true":                {5, 3, 1},
		"meta_data[odd]=true&meta_data[n]=3": {3},
		"per_page=2":                         {5, 4},
		"per_page=2&page=3":                  {1},
		"per_page=2&page=4":                  {},
	}
	for query, want := range tests {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{w.buildsPath(), "builds", "/v2/builds"} {
				if diff := cmp.Diff(want, numbers(t, w.get(t, path+"?"+query))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", path, diff)
				}
			}
		})
	}
}

func TestBuildFilterErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tests := map[string]string{
		"page=101&per_page=100": "Listing builds this deep is not supported. Please narrow your query using filters such as branch or created_from.",
		"created_from=tomorrow": "The parameter created_from must be a time such as 2026-01-31T09:30:00Z",
		"branch=%ff":            "The parameter branch must be UTF-8 text",
	}
	for query, message := range tests {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			w.get(t, "builds?"+query).wantError(t, http.StatusBadRequest, message)
		})
	}
}

func TestBuildLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 5 {
		storetest.Build(t, w.st, w.Pipeline)
	}
	base := testBase + w.path(w.buildsPath())
	res := w.get(t, w.buildsPath()+"/?per_page=2&page=2&branch=main").want(t, http.StatusOK)
	want := fmt.Sprintf(`<%[1]s?branch=main&page=3&per_page=2>; rel="next", <%[1]s?branch=main&page=3&per_page=2>; rel="last", `+
		`<%[1]s?branch=main&page=1&per_page=2>; rel="first", <%[1]s?branch=main&page=1&per_page=2>; rel="prev"`, base)
	if diff := cmp.Diff(want, res.Header.Get("Link")); diff != "" {
		t.Errorf("Link differs (-want +got):\n%s", diff)
	}
	if got := w.get(t, w.buildsPath()).Header.Get("Link"); got != "" {
		t.Errorf("the link of a single page is %s", got)
	}
}

func TestBuildRefs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := storetest.Build(t, w.st, w.Pipeline)
	for _, ref := range []string{"1", b.ID} {
		w.get(t, w.buildsPath()+"/"+ref).want(t, http.StatusOK)
	}
	for _, ref := range []string{"2", "0", "x", w.Queue.ID} {
		w.get(t, w.buildsPath()+"/"+ref).wantError(t, http.StatusNotFound, "No build found")
	}
	w.get(t, "pipelines/other/builds/1").wantError(t, http.StatusNotFound, "No pipeline found")
}

// TestBlockedBuild proves that the state of a blocked build is never `blocked`.
func TestBlockedBuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for blockedState, want := range map[build.State]build.State{
		"": build.Passed, build.Passed: build.Passed, build.Failed: build.Failed, build.Running: build.Running,
	} {
		b := storetest.Build(t, w.st, w.Pipeline, func(b *store.Build) { b.State, b.BlockedState = build.Blocked, blockedState })
		var got struct {
			State   build.State `json:"state"`
			Blocked bool        `json:"blocked"`
		}
		w.get(t, w.buildsPath()+"/"+b.ID).want(t, http.StatusOK).into(t, &got)
		if got.State != want || !got.Blocked {
			t.Errorf("blocked as %q: %+v, want %s", blockedState, got, want)
		}
	}
}

func TestCreateBuild(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body   string
		status int
		errors string
	}{
		"as go-buildkite sends it": {
			`{"commit":"HEAD","branch":"main","message":"","author":{"name":"","email":""},"clean_checkout":false,"ignore_pipeline_branch_filters":false}`,
			201, `null`,
		},
		"nothing": {
			``, 422, `[{"field":"commit","code":"can't be blank"},{"field":"branch","code":"can't be blank"}]`,
		},
		"a pull request": {
			`{"commit":"HEAD","branch":"main","pull_request_id":"42","pull_request_labels":["a"]}`, 201, `null`,
		},
		"the variable of a build without a pull request": {
			`{"commit":"HEAD","branch":"main","pull_request_id":"false"}`, 201, `null`,
		},
		"a pull request of no number": {
			`{"commit":"HEAD","branch":"main","pull_request_id":"abc"}`, 422,
			`[{"field":"pull_request_id","code":"must be the number of a pull request"}]`,
		},
		"a pull request below zero": {
			`{"commit":"HEAD","branch":"main","pull_request_id":-1}`, 422,
			`[{"field":"pull_request_id","code":"must be the number of a pull request"}]`,
		},
		"a pull request of long texts": {
			`{"commit":"HEAD","branch":"main","pull_request_id":1,"pull_request_base_branch":"` + strings.Repeat("x", 1025) +
				`","pull_request_repository":"` + strings.Repeat("x", 2049) + `","pull_request_labels":["` + strings.Repeat("x", 256) + `"]}`,
			422, `[{"field":"pull_request_base_branch","code":"is too long (maximum is 1024 bytes)"},` +
				`{"field":"pull_request_repository","code":"is too long (maximum is 2048 bytes)"},` +
				`{"field":"pull_request_labels","code":"is too long (maximum is 255 bytes)"}]`,
		},
		"too many labels": {
			`{"commit":"HEAD","branch":"main","pull_request_id":1,"pull_request_labels":["x"` + strings.Repeat(`,"x"`, 100) + `]}`,
			422, `[{"field":"pull_request_labels","code":"are too many (maximum is 100)"}]`,
		},
		"a long author": {
			`{"commit":"HEAD","branch":"main","author":{"name":"` + strings.Repeat("x", 1025) + `"}}`,
			422, `[{"field":"author.name","code":"is too long (maximum is 1024 bytes)"}]`,
		},
		"env as a string": {
			`{"commit":"HEAD","branch":"main","env":"A=1"}`, 422, `[{"field":"env","code":"must be an object and not a string"}]`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			res := w.do(t, http.MethodPost, w.buildsPath(), tt.body).want(t, tt.status)
			var got errorBody
			res.into(t, &got)
			encoded, err := wire.EncodeJSON(got.Errors)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.errors, string(encoded)); diff != "" {
				t.Errorf("errors differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWriteScopeSeesItsResult proves that a token that may only write gets the body of what it wrote.
func TestWriteScopeSeesItsResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.newToken(t, access.WriteBuilds)
	w.do(t, http.MethodPost, w.buildsPath(), `{"commit":"HEAD","branch":"main"}`, as(token)).want(t, http.StatusCreated)
	w.do(t, http.MethodPut, w.buildsPath()+"/1/cancel", "", as(token)).want(t, http.StatusOK)
	w.get(t, w.buildsPath()+"/1", as(token)).wantError(t, http.StatusForbidden, "Your access token doesn't have the read_builds scope")
}

func TestBuildActionErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	storetest.Build(t, w.st, w.Pipeline, func(b *store.Build) { b.State = build.Passed })
	if res := w.do(t, http.MethodPut, w.buildsPath()+"/1/cancel", ""); res.StatusCode != 422 || res.message() == "" {
		t.Errorf("cancel of a build that has ended: %d %s", res.StatusCode, res.body)
	}
	w.do(t, http.MethodPut, w.buildsPath()+"/1/retry_failed_jobs", `{"states":"failed,invalid"}`).
		wantError(t, 400, "Invalid states: invalid. Valid states are canceled, expired, failed, soft_failed, timed_out.")
	w.do(t, http.MethodPut, w.buildsPath()+"/1/retry_failed_jobs", `{"states":"broken,failed,invalid"}`).
		wantError(t, 400, "Invalid states: broken, invalid. Valid states are canceled, expired, failed, soft_failed, timed_out.")
}
