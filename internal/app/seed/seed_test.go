package seed_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/app/seed"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// small is a history with everything in it.
var small = seed.Options{Builds: 600, Pipelines: 4, Jobs: 2, Agents: 3, Users: 3, Days: 30, Draw: 1}

func write(t *testing.T, st *store.Store, w storetest.World, o seed.Options) error {
	t.Helper()
	return seed.Run(t.Context(), st, w.Organization, o, func(int) {})
}

func TestRun(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st)
		if err := write(t, st, w, small); err != nil {
			t.Fatal(err)
		}
		total, states := 0, map[string]int{}
		for slug, want := range map[string]int{"seed-1": 300, "seed-2": 100, "seed-3": 100, "seed-4": 100} {
			builds := everyBuild(t, st, w, slug)
			if len(builds) != want {
				t.Errorf("%s has %d builds, want %d", slug, len(builds), want)
			}
			for i, b := range builds {
				total++
				states[string(b.State)]++
				if b.Number != int64(len(builds)-i) {
					t.Fatalf("build %d from the newest of %s has number %d: numbers have no gaps and go with the time", i, slug, b.Number)
				}
			}
			p, err := store.PipelineBySlug(t.Context(), st.Read(), w.Organization.ID, slug)
			if err != nil || p.NextBuildNumber != int64(want)+1 {
				t.Errorf("the next build of %s is %d, %v; want %d", slug, p.NextBuildNumber, err, want+1)
			}
		}
		if total != small.Builds || states["passed"] < states["failed"] || states["failed"] == 0 || states["canceled"] == 0 {
			t.Errorf("%d builds with states %v", total, states)
		}
	})
}

func TestRunMakesWholeBuilds(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	w := storetest.NewWorld(t, st)
	if err := write(t, st, w, small); err != nil {
		t.Fatal(err)
	}
	for _, b := range everyBuild(t, st, w, "seed-2") {
		jobs := storetest.JobsOf(t, st, true, b.ID)
		steps, err := store.StepsOf(t.Context(), st.Read(), b.ID)
		if err != nil || len(jobs) != small.Jobs || len(steps) != small.Jobs {
			t.Fatalf("build %d has %d jobs and %d steps, %v", b.Number, len(jobs), len(steps), err)
		}
		failed := 0
		for i, j := range jobs {
			if !j.State.Terminal() || j.StepID != steps[i].ID || j.PipelineID != b.PipelineID {
				t.Errorf("job %d of build %d does not fit: %+v", i, b.Number, j)
			}
			if j.ExitStatus != nil && *j.ExitStatus != 0 {
				failed++
			}
		}
		if failed != b.Counts.Failed || (b.State == "failed") != (failed > 0) {
			t.Errorf("build %d is %s with %d failed jobs", b.Number, b.State, failed)
		}
	}
}

func TestRunRefusesBuilds(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	w := storetest.NewWorld(t, st)
	storetest.Build(t, st, w.Pipeline)
	if err := write(t, st, w, small); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Fatalf("among other builds: %v", err)
	}
	if got := everyBuild(t, st, w, w.Pipeline.Slug); len(got) != 1 {
		t.Errorf("%d builds after a refusal", len(got))
	}
	forced := small
	forced.Force = true
	for range 2 {
		if err := write(t, st, w, forced); err != nil {
			t.Fatal(err)
		}
	}
	if got := everyBuild(t, st, w, "seed-3"); len(got) != 200 || got[0].Number != 200 && got[1].Number != 200 {
		t.Errorf("%d builds after two histories", len(got))
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*seed.Options){
		"--builds":    func(o *seed.Options) { o.Builds = 0 },
		"--pipelines": func(o *seed.Options) { o.Pipelines = -1 },
		"--jobs":      func(o *seed.Options) { o.Jobs = 501 },
		"--agents":    func(o *seed.Options) { o.Agents = 0 },
		"--users":     func(o *seed.Options) { o.Users = 0 },
		"--days":      func(o *seed.Options) { o.Days = 1 << 30 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := small
			edit(&o)
			if err := o.Validate(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := small.Validate(); err != nil {
		t.Error(err)
	}
}

// everyBuild returns the builds of a pipeline, newest first.
func everyBuild(t *testing.T, st *store.Store, w storetest.World, slug string) []store.Build {
	t.Helper()
	p, err := store.PipelineBySlug(t.Context(), st.Read(), w.Organization.ID, slug)
	if err != nil {
		t.Fatal(err)
	}
	f := store.BuildFilter{OrganizationID: w.Organization.ID, PipelineID: p.ID}
	builds, err := store.ListBuilds(t.Context(), st.Read(), f, store.Page{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return builds
}
