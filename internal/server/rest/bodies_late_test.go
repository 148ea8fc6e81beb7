package rest

import (
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// TestBodiesOfWhatTakesLong looks at keys that have a value only after minutes or days, so that no running server is
// waited for.
func TestBodiesOfWhatTakesLong(t *testing.T) {
	t.Parallel()
	s := tell(t)
	at, reason := time.Now().Add(-time.Hour), "Pipeline has been archived"
	lost := storetest.Agent(t, s.st, s.Queue, func(a *store.Agent) { a.State, a.LostAt = store.AgentLost, &at })
	b := storetest.Build(t, s.st, s.Pipeline)
	expired := storetest.Job(t, s.st, b, storetest.Step(t, s.st, b), func(j *store.Job) { j.State, j.ExpiredAt = build.JobExpired, &at })
	failed := store.Schedule{
		ID: store.NewID(), PipelineID: s.Pipeline.ID, Cronline: "@daily", Commit: "HEAD", Enabled: true, CreatedAt: at,
		FailedAt: &at, FailedMessage: &reason,
	}
	storetest.Write(t, s.st, func(tx *sqldb.Tx) error { return store.InsertSchedule(t.Context(), tx, failed) })

	s.call("agents.get", "", "agent", lost.ID)
	s.call("jobs.get_org", "", "job", expired.ID)
	s.call("pipelines.schedules.get", "", "schedule", failed.ID)
	for _, problem := range s.checker.Problems {
		t.Error(problem)
	}
	for _, key := range []string{"agent.lost_at", "job_script.expired_at", "pipeline_schedule.failed_at", "pipeline_schedule.failed_message"} {
		if !s.checker.Seen[key] {
			t.Errorf("%s has no value", key)
		}
	}
}
