package storetest_test

import (
	"fmt"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// artifacts adds a batch of artifacts with these paths to a job.
func artifacts(t *testing.T, st *store.Store, job store.Job, paths ...string) []store.Artifact {
	t.Helper()
	batch := make([]store.Artifact, len(paths))
	batchID := store.NewID()
	storetest.Write(t, st, func(tx *sqldb.Tx) error {
		for i, path := range paths {
			batch[i] = store.Artifact{
				ID: store.NewID(), OrganizationID: job.OrganizationID, BuildID: job.BuildID, JobID: job.ID,
				BatchID: batchID, Position: i, State: store.ArtifactNew, Path: path, AbsolutePath: "/w/" + path,
				ContentType: "text/plain", FileSize: 5 << 30, SHA1Sum: "aa", SHA256Sum: "bb", BlobKey: "k/" + path,
				CreatedAt: tx.Now(),
			}
		}
		return store.InsertArtifacts(t.Context(), tx, batch)
	})
	return batch
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		job := storetest.RunningJob(t, st, w.Pipeline)
		batch := artifacts(t, st, job, "a.txt", "b/ä.txt")
		got, err := store.GetArtifact(ctx, q, batch[1].ID)
		same(t, "by id", got, err, batch[1])
		_, err = store.GetArtifact(ctx, q, store.NewID())
		fails(t, "unknown", err, store.ErrNotFound)
		some, err := store.GetArtifacts(ctx, q, []string{batch[0].ID, store.NewID()})
		same(t, "several", some, err, map[string]store.Artifact{batch[0].ID: batch[0]})
		all, err := store.ArtifactsOfBatch(ctx, q, job.ID, batch[0].BatchID)
		same(t, "the batch", all, err, batch)
		again := batch[0]
		again.ID = store.NewID()
		err = st.Write(ctx, func(tx *sqldb.Tx) error { return store.InsertArtifacts(ctx, tx, []store.Artifact{again}) })
		if !sqldb.IsUnique(err) {
			t.Errorf("the batch again: got %v, want a unique violation", err)
		}

		var first, second bool
		storetest.Write(t, st, func(tx *sqldb.Tx) (err error) {
			if first, err = store.SetArtifactMultipart(ctx, tx, batch[0].ID, "m1"); err != nil {
				return err
			}
			second, err = store.SetArtifactMultipart(ctx, tx, batch[0].ID, "m2")
			return err
		})
		same(t, "multipart set once", []bool{first, second}, nil, []bool{true, false})
		storetest.Write(t, st, func(tx *sqldb.Tx) (err error) {
			if first, err = store.SetArtifactState(ctx, tx, batch[0].ID, store.ArtifactNew, store.ArtifactFinished); err != nil {
				return err
			}
			second, err = store.SetArtifactState(ctx, tx, batch[0].ID, store.ArtifactNew, store.ArtifactError)
			return err
		})
		same(t, "state set from new only", []bool{first, second}, nil, []bool{true, false})
		batch[0].State = store.ArtifactFinished
		got, err = store.GetArtifact(ctx, q, batch[0].ID)
		same(t, "finished", got, err, batch[0])
	})
}

func TestListArtifacts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		w := storetest.NewWorld(t, st)
		b := storetest.Build(t, st, w.Pipeline)
		step := storetest.Step(t, st, b, func(s *build.Step) { s.Key, s.Label = "tests", "Tests" })
		job := storetest.Job(t, st, b, step, func(j *store.Job) { j.Spec.Label = "Tests 1" })
		retried := storetest.Job(t, st, b, step, func(j *store.Job) { j.RetriedInJobID = job.ID })
		other := storetest.Job(t, st, b, storetest.Step(t, st, b))
		artifacts(t, st, job, "a", "b")
		artifacts(t, st, retried, "b", "c")
		artifacts(t, st, other, "d")
		artifacts(t, st, storetest.RunningJob(t, st, w.Pipeline), "a")
		storetest.Write(t, st, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE artifacts SET state = 'finished' WHERE path <> 'd'")
			return err
		})
		for name, c := range map[string]struct {
			filter store.ArtifactFilter
			want   string
		}{
			"of a build":     {store.ArtifactFilter{BuildID: b.ID}, "[a b b c d]"},
			"of a job":       {store.ArtifactFilter{JobID: job.ID}, "[a b]"},
			"by state":       {store.ArtifactFilter{BuildID: b.ID, State: store.ArtifactNew}, "[d]"},
			"by path":        {store.ArtifactFilter{BuildID: b.ID, Path: "b"}, "[b b]"},
			"by paths":       {store.ArtifactFilter{BuildID: b.ID, Paths: []string{"a", "d"}}, "[a d]"},
			"of some jobs":   {store.ArtifactFilter{BuildID: b.ID, JobIDs: []string{retried.ID, other.ID}}, "[b c d]"},
			"of no jobs":     {store.ArtifactFilter{BuildID: b.ID, JobIDs: []string{}}, "[]"},
			"of latest jobs": {store.ArtifactFilter{BuildID: b.ID, LatestOnly: true}, "[a b d]"},
		} {
			t.Run(name, func(t *testing.T) {
				items, err := store.ListArtifacts(ctx, q, c.filter, store.Page{Limit: 10})
				same(t, "list", paths(items), err, c.want)
				n, err := store.CountArtifacts(ctx, q, c.filter)
				same(t, "count", n, err, len(items))
				var each []store.Artifact
				err = store.EachArtifact(ctx, q, c.filter, func(a store.Artifact) bool {
					each = append(each, a)
					return true
				})
				same(t, "each", paths(each), err, c.want)
			})
		}
		items, err := store.ListArtifacts(ctx, q, store.ArtifactFilter{BuildID: b.ID}, store.Page{Limit: 2, Offset: 1})
		same(t, "a page", paths(items), err, "[b b]")
		seen := 0
		err = store.EachArtifact(ctx, q, store.ArtifactFilter{BuildID: b.ID}, func(store.Artifact) bool {
			seen++
			return seen < 2
		})
		same(t, "stopped early", seen, err, 2)

		for name, want := range map[string][]string{
			"tests": {job.ID, retried.ID}, "Tests": {job.ID, retried.ID}, "Tests 1": {job.ID}, "nothing": {},
		} {
			named, err := store.JobIDsNamed(ctx, q, b.ID, name)
			same(t, "named "+name, set(named), err, set(want))
		}
	})
}

func set(ids []string) map[string]bool {
	m := make(map[string]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}

func paths(items []store.Artifact) string {
	list := make([]string, len(items))
	for i, a := range items {
		list[i] = a.Path
	}
	return fmt.Sprint(list)
}
