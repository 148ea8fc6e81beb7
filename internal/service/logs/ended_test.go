package logs_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// A log that begins after its job's end would never be closed.
func TestAppendToEndedJobWithoutLog(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		of := storetest.Build(t, b.store, b.world.Pipeline)
		ended := storetest.Job(t, b.store, of, storetest.Step(t, b.store, of), func(j *store.Job) { j.State = build.JobFinished })
		err := b.Append(t.Context(), ended.ID, logs.Chunk{Sequence: 1, Size: 3, Data: []byte("abc")})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("chunk for an ended job: %v", err)
		}
		if logged, err := store.HasJobLog(t.Context(), b.store.Read(), ended.ID); logged || err != nil {
			t.Errorf("the job has a log: %v, %v", logged, err)
		}
	})
}
