package storetest

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Build adds a running build to a pipeline, under the number after the highest one.
func Build(tb testing.TB, st *store.Store, p store.Pipeline, edit ...func(*store.Build)) store.Build {
	tb.Helper()
	var number int64
	row := st.Read().QueryRow(tb.Context(), "SELECT coalesce(max(number), 0) + 1 FROM builds WHERE pipeline_id = $1", p.ID)
	if err := row.Scan(&number); err != nil {
		tb.Fatalf("next build number: %v", err)
	}
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.Build {
		now := tx.Now()
		return store.Build{
			Build:          build.Build{ID: id, State: build.Running, CreatedAt: now, StartedAt: &now},
			OrganizationID: p.OrganizationID, PipelineID: p.ID, Number: number, Branch: "main", Commit: "HEAD", Source: "api",
		}
	}, edit, func(tx *sqldb.Tx, b store.Build) error {
		return store.InsertBuild(tb.Context(), tx, &b)
	})
}

// Step adds a command step that is ready to a build.
func Step(tb testing.TB, st *store.Store, b store.Build, edit ...func(*build.Step)) build.Step {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) build.Step {
		return build.Step{
			ID: id, BuildID: b.ID, Kind: pipeline.KindCommand, Label: "Step " + unique(id), Path: id,
			State: build.StepReady, Outcome: build.Neutral, Released: true, CreatedAt: tx.Now(),
		}
	}, edit, func(tx *sqldb.Tx, s build.Step) error {
		return store.InsertSteps(tb.Context(), tx, []*build.Step{&s})
	})
}

// Job adds a running job to a step of a build.
func Job(tb testing.TB, st *store.Store, b store.Build, s build.Step, edit ...func(*store.Job)) store.Job {
	tb.Helper()
	return insert(tb, st, func(tx *sqldb.Tx, id string) store.Job {
		now := tx.Now()
		return store.Job{
			Job: build.Job{
				ID: id, BuildID: b.ID, StepID: s.ID, Type: build.Script, State: build.JobRunning, StepPath: s.Path,
				Spec: build.Spec{Label: s.Label, Command: "true"}, CreatedAt: now, ScheduledAt: now, StartedAt: &now,
			},
			OrganizationID: b.OrganizationID, PipelineID: b.PipelineID,
		}
	}, edit, func(tx *sqldb.Tx, j store.Job) error {
		return store.InsertJobs(tb.Context(), tx, b.OrganizationID, b.PipelineID, []*build.Job{&j.Job})
	})
}

// RunningJob adds a running job of a step and a build of its own to a pipeline.
func RunningJob(tb testing.TB, st *store.Store, p store.Pipeline) store.Job {
	tb.Helper()
	b := Build(tb, st, p)
	return Job(tb, st, b, Step(tb, st, b))
}

// JobsOf returns the jobs of builds in build order.
func JobsOf(tb testing.TB, st *store.Store, includeRetried bool, buildIDs ...string) []*store.Job {
	tb.Helper()
	var jobs []*store.Job
	r := store.NewReads(st.Read())
	r.Jobs(buildIDs, includeRetried, &jobs)
	if err := r.Do(tb.Context()); err != nil {
		tb.Fatalf("read jobs: %v", err)
	}
	return jobs
}

// MetaDataOf returns the meta-data of builds, by build and key.
func MetaDataOf(tb testing.TB, st *store.Store, buildIDs ...string) map[string]map[string]string {
	tb.Helper()
	metaData := map[string]map[string]string{}
	r := store.NewReads(st.Read())
	r.MetaData(buildIDs, metaData)
	if err := r.Do(tb.Context()); err != nil {
		tb.Fatalf("read meta-data: %v", err)
	}
	return metaData
}
