package agents_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestQueues(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s, maintainer := t.Context(), b.service, b.maintainer()

	created, err := s.CreateQueue(ctx, maintainer, b.Cluster.ID, agents.QueueInput{Key: "linux", Description: new("Big")})
	want := agents.QueueView{
		Queue: store.Queue{
			ID: created.ID, OrganizationID: b.Organization.ID, ClusterID: b.Cluster.ID, Key: "linux",
			Description: new("Big"), RetryAgentAffinity: store.PreferWarmest, CreatedByID: &b.Member.ID, CreatedAt: b.clock.Now(),
		},
		CreatedBy: &b.Member,
	}
	same(t, "created", created, err, want)
	got, err := s.Queue(ctx, b.MemberActor(), b.Cluster.ID, created.ID)
	same(t, "got", got, err, want)
	b.constant(t, "a page", 4, func() {
		items, total, err := s.Queues(ctx, b.MemberActor(), b.Cluster.ID, firstPage)
		same(t, "list", items, err, []agents.QueueView{want, {Queue: b.World.Queue}})
		same(t, "total", total, err, 2)
	})

	t.Run("update", func(t *testing.T) {
		hinted := b.hints(t, agents.QueueTopic(created.ID))
		got, err := s.UpdateQueue(ctx, maintainer, b.Cluster.ID, created.ID, agents.QueueChanges{
			Description: patch.To(""), RetryAgentAffinity: patch.To(store.PreferDifferent),
		})
		want.Description, want.RetryAgentAffinity = nil, store.PreferDifferent
		same(t, "updated", got, err, want)
		if !hinted() {
			t.Error("nobody was told")
		}
		got, err = s.UpdateQueue(ctx, maintainer, b.Cluster.ID, created.ID, agents.QueueChanges{})
		same(t, "nothing asked for", got, err, want)
	})
	t.Run("pause and resume", func(t *testing.T) {
		hinted := b.hints(t, agents.QueueTopic(created.ID))
		_, err := s.ResumeQueue(ctx, maintainer, b.Cluster.ID, created.ID)
		fails(t, "resume first", err, fault.Invalid, "Cluster queue is not paused")
		if hinted() {
			t.Error("told of what did not happen")
		}
		note := "Maintenance"
		got, err := s.PauseQueue(ctx, maintainer, b.Cluster.ID, created.ID, &note)
		paused := want
		paused.PausedAt, paused.PausedByID, paused.PausedNote, paused.PausedBy = new(b.clock.Now()), &b.Member.ID, &note, &b.Member
		same(t, "paused", got, err, paused)
		if !hinted() {
			t.Error("nobody was told of the pause")
		}
		_, err = s.PauseQueue(ctx, maintainer, b.Cluster.ID, created.ID, nil)
		fails(t, "pause again", err, fault.Invalid, "Cluster queue is already paused")
		_, err = s.UpdateQueue(ctx, maintainer, b.Cluster.ID, created.ID, agents.QueueChanges{})
		if err != nil {
			t.Errorf("update while paused: %v", err)
		}
		hinted()
		got, err = s.ResumeQueue(ctx, maintainer, b.Cluster.ID, created.ID)
		same(t, "resumed", got, err, want)
		if !hinted() {
			t.Error("nobody was told of the end")
		}
	})
	t.Run("create refuses", func(t *testing.T) {
		for name, c := range map[string]struct {
			in      agents.QueueInput
			message string
		}{
			"no key":    {agents.QueueInput{}, "Validation failed: Key can't be blank"},
			"bad key":   {agents.QueueInput{Key: "a b"}, "Validation failed: Key can only contain"},
			"taken key": {agents.QueueInput{Key: "linux"}, "Validation failed: Key has already been taken"},
			"affinity":  {agents.QueueInput{Key: "x", RetryAgentAffinity: "any"}, "Validation failed: Retry agent affinity must be"},
			"hosted":    {agents.QueueInput{Key: "x", Hosted: true}, "Validation failed: Hosted agents are not available"},
			"NUL":       {agents.QueueInput{Key: "x", Description: new("\x00")}, "Validation failed: Description contains a NUL"},
		} {
			_, err := s.CreateQueue(ctx, maintainer, b.Cluster.ID, c.in)
			fails(t, name, err, fault.Invalid, c.message)
		}
	})
	t.Run("one queue too many", func(t *testing.T) {
		cluster := storetest.Cluster(t, b.store, b.Organization)
		for i := range agents.MaxQueuesPerCluster {
			in := agents.QueueInput{Key: fmt.Sprint("q", i)}
			if _, err := s.CreateQueue(ctx, b.AdminActor(), cluster.ID, in); err != nil {
				t.Fatal(err)
			}
		}
		_, err := s.CreateQueue(ctx, b.AdminActor(), cluster.ID, agents.QueueInput{Key: "more"})
		fails(t, "create", err, fault.Invalid, "Validation failed: A cluster can have at most 50 queues")
	})
}

func TestDeleteQueue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, s, admin := t.Context(), b.service, b.AdminActor()
	queue := storetest.Queue(t, b.store, b.Cluster)
	remove := func() error { return s.DeleteQueue(ctx, admin, b.Cluster.ID, queue.ID) }

	fails(t, "default", s.DeleteQueue(ctx, admin, b.Cluster.ID, b.World.Queue.ID), fault.Invalid, "default queue")
	agent := storetest.Agent(t, b.store, queue)
	fails(t, "with agents", remove(), fault.Invalid, "connected agents")
	insert(t, b, func(ctx context.Context, tx *sqldb.Tx) error {
		return store.SetAgentState(ctx, tx, agent.ID, []store.AgentState{agent.State}, store.AgentDisconnected, tx.Now())
	})
	job := addJob(t, b, &build.Job{Type: build.Script, State: build.JobScheduled, QueueID: queue.ID})
	fails(t, "with jobs", remove(), fault.Invalid, "Jobs wait in the queue")
	was := job.State
	job.State = build.JobCanceled
	insert(t, b, func(ctx context.Context, tx *sqldb.Tx) error {
		return store.SaveJob(ctx, tx, &store.Job{Job: *job}, was)
	})
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Queue(ctx, admin, b.Cluster.ID, queue.ID)
	fails(t, "gone", err, fault.NotFound, "No cluster queue found")
	view, err := s.Agent(ctx, admin, agent.ID)
	if err != nil || view.Queue != nil || view.Name != agent.Name {
		t.Errorf("its agent: %s in queue %v, %v", view.Name, view.Queue, err)
	}
}

// addJob adds a running build with a job.
func addJob(t *testing.T, b *bundle, j *build.Job) *build.Job {
	t.Helper()
	row := &store.Build{
		Build:          build.Build{ID: store.NewID(), State: build.Running, BlockedState: build.Passed, CreatedAt: b.clock.Now()},
		OrganizationID: b.Organization.ID, PipelineID: b.Pipeline.ID, Branch: "main", Commit: "HEAD", Source: "api",
	}
	j.ID, j.BuildID, j.StepID, j.StepPath = store.NewID(), row.ID, store.NewID(), "00000"
	j.CreatedAt, j.ScheduledAt = b.clock.Now(), b.clock.Now()
	insert(t, b, func(ctx context.Context, tx *sqldb.Tx) (err error) {
		if row.Number, err = store.TakeBuildNumber(ctx, tx, b.Pipeline.ID); err != nil {
			return err
		}
		if err := store.InsertBuild(ctx, tx, row); err != nil {
			return err
		}
		return store.InsertJobs(ctx, tx, b.Organization.ID, b.Pipeline.ID, []*build.Job{j})
	})
	return j
}
