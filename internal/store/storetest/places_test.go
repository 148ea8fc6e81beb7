package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, st *store.Store) {
		w := NewWorld(t, st)
		b := Build(t, st, w.Pipeline)
		other := Build(t, st, Pipeline(t, st, w.Organization, func(p *store.Pipeline) { p.ClusterID = nil }))
		job := Job(t, st, b, Step(t, st, b))
		q, ctx := st.Read(), t.Context()
		want := store.Place{BuildID: b.ID, BuildNumber: b.Number, PipelineSlug: w.Pipeline.Slug, ClusterID: w.Pipeline.ClusterID}

		places, err := store.PlacesOf(ctx, q, []string{b.ID, other.ID})
		if err != nil || len(places) != 2 || places[other.ID].ClusterID != nil {
			t.Fatalf("%v, %v", places, err)
		}
		byNumber, err := store.PlaceByNumber(ctx, q, w.Organization.ID, w.Pipeline.Slug, b.Number)
		if err != nil {
			t.Fatal(err)
		}
		byID, err := store.PlaceByID(ctx, q, w.Organization.ID, w.Pipeline.Slug, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		row, ofJob, err := store.GetPlacedJob(ctx, q, job.ID)
		if err != nil || row.ID != job.ID {
			t.Fatalf("job %v, %v", row, err)
		}
		for name, got := range map[string]store.Place{"of builds": places[b.ID], "by number": byNumber, "by id": byID, "of a job": ofJob} {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("place %s (-want +got):\n%s", name, diff)
			}
		}
		if _, err := store.PlaceByID(ctx, q, w.Organization.ID, w.Pipeline.Slug, other.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a build of another pipeline: %v", err)
		}
	})
}

func TestPartsOfJobs(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, st *store.Store) {
		w := NewWorld(t, st)
		b := Build(t, st, w.Pipeline)
		agent := Agent(t, st, w.Queue)
		group := Step(t, st, b, func(s *build.Step) { s.Key, s.Label = "group", "Group" })
		inGroup := Step(t, st, b, func(s *build.Step) { s.GroupID, s.UploadedBy = group.ID, "somebody" })
		alone := Step(t, st, b)
		taken := Job(t, st, b, inGroup, func(j *store.Job) { j.AgentID, j.QueueID = agent.ID, w.Queue.ID })
		again := Job(t, st, b, inGroup, func(j *store.Job) { j.AgentID, j.QueueID = agent.ID, w.Queue.ID })
		waiting := Job(t, st, b, alone, func(j *store.Job) { j.AgentID, j.QueueID = "", "" })

		var parts, ofBuild store.JobParts
		r := store.NewReads(st.Read())
		r.PartsOfJobs([]string{taken.ID, again.ID, waiting.ID}, &parts)
		r.PartsOfBuilds([]string{b.ID}, &ofBuild)
		if err := r.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parts, ofBuild); diff != "" {
			t.Errorf("of its build (-of jobs +of the build):\n%s", diff)
		}
		if len(parts.Steps) != 2 || parts.Steps[inGroup.ID].UploadedBy != "somebody" || parts.Steps[alone.ID].ID != alone.ID {
			t.Errorf("steps %v", parts.Steps)
		}
		if diff := cmp.Diff(map[string]store.StepGroup{group.ID: {Key: "group", Label: "Group"}}, parts.Groups); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]store.Agent{agent.ID: agent}, parts.Agents); diff != "" {
			t.Errorf("agents (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]store.Queue{w.Queue.ID: w.Queue}, parts.Queues); diff != "" {
			t.Errorf("queues (-want +got):\n%s", diff)
		}
	})
}

func TestBuildWithPipeline(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, st *store.Store) {
		w := NewWorld(t, st)
		b := Build(t, st, w.Pipeline)
		other := Build(t, st, Pipeline(t, st, w.Organization))
		for name, c := range map[string]struct {
			slug         string
			number       int64
			id           string
			pipeline, of string
		}{
			"by number":                 {w.Pipeline.Slug, b.Number, "", w.Pipeline.ID, b.ID},
			"by id":                     {w.Pipeline.Slug, 0, b.ID, w.Pipeline.ID, b.ID},
			"no such number":            {w.Pipeline.Slug, b.Number + 1, "", w.Pipeline.ID, ""},
			"build of another pipeline": {w.Pipeline.Slug, 0, other.ID, w.Pipeline.ID, ""},
			"no such pipeline":          {"nothing", b.Number, "", "", ""},
		} {
			p, got, err := store.BuildWithPipeline(t.Context(), st.Read(), w.Organization.ID, c.slug, c.number, c.id)
			if missing := errors.Is(err, store.ErrNotFound); missing != (c.of == "") || err != nil && !missing {
				t.Errorf("%s: %v", name, err)
			}
			if p.ID != c.pipeline || got.ID != c.of {
				t.Errorf("%s: pipeline %q and build %q", name, p.ID, got.ID)
			}
		}
	})
}
