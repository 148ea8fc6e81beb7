package swarm

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/swarm/restclient"
)

// withBuilds makes builds of a pipeline at a fake.
func withBuilds(t *testing.T, address string, count int) {
	t.Helper()
	server, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c := restclient.New(server, fakeAPIToken, "fake")
	defer c.Close()
	if err := c.EnsurePipeline(t.Context(), "seed-1", "cluster-2", "default", 2); err != nil {
		t.Fatal(err)
	}
	for range count {
		if _, err := c.CreateBuild(t.Context(), "seed-1", ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRest(t *testing.T) {
	t.Parallel()
	calls := []string{"page", "page-jobs", "deep-page", "build", "job", "create"}
	for name, rate := range map[string]float64{"as many as are answered": 0, "at a rate": 200} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			o := options(f.serve(t))
			withBuilds(t, o.URL, 3)
			o.Pipeline = "seed-1"
			r := measured(t, o, Rest{Calls: calls, Connections: 2, Duration: 200 * time.Millisecond, PerPage: 30, Rate: rate})
			wantClean(t, r)
			for _, call := range calls {
				if r.Measures[call+"_count"] < 1 || r.Measures[call+"_per_second"] <= 0 || r.Measures[call+"_refused"] != 0 {
					t.Errorf("%s: %v", call, r.Measures)
				}
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, made := range []string{"list builds", "get build", "get job", "create build"} {
				if f.calls[made] == 0 {
					t.Errorf("the server was not asked to %s", made)
				}
			}
		})
	}
}

func TestRestCountsRefusals(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := options(f.serve(t))
	f.mu.Lock()
	f.refuse["create build"] = &refusal{status: 503, times: 2}
	f.mu.Unlock()
	r := measured(t, o, Rest{Calls: []string{"create"}, Connections: 1, Duration: 200 * time.Millisecond, PerPage: 30})
	if r.Measures["create_refused"] != 2 || r.Errors["create 503"] != 2 {
		t.Errorf("refused %v, errors %v; want 2", r.Measures["create_refused"], r.Errors)
	}
}

func TestRestNeedsBuilds(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := options(f.serve(t))
	o.Pipeline = "seed-1"
	_, err := Run(t.Context(), o, Rest{Calls: []string{"page"}, Connections: 1, Duration: 1, PerPage: 30}, t.Output())
	if err == nil || !strings.Contains(err.Error(), "bridle admin seed") {
		t.Errorf("got %v", err)
	}
}
