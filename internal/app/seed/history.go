package seed

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
)

// history makes builds. What a build is like follows from its place alone, so that batches can be made in any order.
type history struct {
	Options
	catalog
	organization store.Organization
	until        time.Time
}

// place tells which pipeline a build belongs to, and how many of the history's builds that pipeline has before: the first
// pipeline has every other build, the others take turns.
func (o Options) place(i int) (pipeline, before int) {
	others := o.Pipelines - 1
	if others == 0 {
		return 0, i
	}
	if i%2 == 0 {
		return 0, i / 2
	}
	return 1 + i/2%others, i / 2 / others
}

// buildsOf counts the builds of a pipeline.
func (o Options) buildsOf(index int) int {
	others := o.Pipelines - 1
	switch odd := o.Builds / 2; {
	case others == 0:
		return o.Builds
	case index == 0:
		return o.Builds - odd
	default:
		return (odd + others - index) / others
	}
}

// batch makes the builds from one place to before another.
func (h *history) batch(from, to int) *batch {
	m := &maker{history: h, out: &batch{jobs: map[string][]*build.Job{}}, random: rand.New(rand.NewPCG(h.Draw, uint64(from)))}
	for i := from; i < to; i++ {
		m.build(i)
	}
	return m.out
}

// maker makes the builds of a batch.
type maker struct {
	*history
	out    *batch
	random *rand.Rand
}

// Shares of what builds are like, in percent.
const (
	onMain        = 60
	passing       = 80
	failing       = 15 // the rest is canceled
	withMetaData  = 50
	withArtifacts = 30
	annotated     = 10
)

func (m *maker) chance(percent int) bool { return m.random.IntN(100) < percent }

func (m *maker) build(i int) {
	span := time.Duration(m.Days) * 24 * time.Hour
	created := m.until.Add(-span + time.Duration(float64(span)/float64(m.Builds)*float64(i))).Truncate(time.Microsecond)
	started := created.Add(time.Duration(1+m.random.IntN(30)) * time.Second)
	finished := started.Add(time.Duration(20+m.random.IntN(600)) * time.Second)
	index, before := m.place(i)
	p := m.pipelines[index]
	message := fmt.Sprintf("Change %d of seed-%d", before+1, index+1)
	b := &store.Build{
		Build: build.Build{
			ID: m.id(created), State: m.outcome(), JobsCreated: m.Jobs, Counts: build.Counts{Ran: m.Jobs},
			CreatedAt: created, StartedAt: &started, FinishedAt: &finished,
		},
		OrganizationID: m.organization.ID, PipelineID: p.id, Number: p.first + int64(before), Branch: m.branch(),
		Commit: m.commit(), CommitResolved: true, Message: &message, Source: "api",
		Author:    &store.Author{Name: "Ada Example", Email: "ada@example.com"},
		CreatorID: &m.users[m.random.IntN(len(m.users))], ScheduledAt: &created,
	}
	switch b.State {
	case build.Failed:
		b.Counts.Failed, b.FailingAt = 1, &finished
	case build.Canceled:
		b.CancelRequested, b.CanceledAt = true, &finished
	}
	m.out.builds = append(m.out.builds, b)
	for n := range m.Jobs {
		m.job(b, n)
	}
	m.beside(b)
}

func (m *maker) outcome() build.State {
	switch n := m.random.IntN(100); {
	case n < passing:
		return build.Passed
	case n < passing+failing:
		return build.Failed
	}
	return build.Canceled
}

// branches is how many branches there are beside main.
const branches = 300

func (m *maker) branch() string {
	if m.chance(onMain) {
		return "main"
	}
	return fmt.Sprintf("feature/%d", m.random.IntN(branches))
}

func (m *maker) commit() string {
	return fmt.Sprintf("%016x%016x%08x", m.random.Uint64(), m.random.Uint64(), m.random.Uint32())
}

// job makes a step with one job. The first job of a build is the one that decides how it ended.
func (m *maker) job(b *store.Build, n int) {
	s := &build.Step{
		ID: m.id(b.CreatedAt), BuildID: b.ID, Kind: pipeline.KindCommand, Label: label(n), Path: fmt.Sprintf("%05d", n),
		State: build.StepFinished, Outcome: build.OutcomeOK, OwnSettled: true, Settled: true, Released: true,
		CreatedAt: b.CreatedAt,
	}
	j := &build.Job{
		ID: m.id(b.CreatedAt), BuildID: b.ID, StepID: s.ID, Type: build.Script, State: build.JobFinished, StepPath: s.Path,
		Spec:    build.Spec{Label: s.Label, Command: command(n), Agents: []string{"queue=" + m.queue.Key}},
		QueueID: m.queue.ID, ExitStatus: new(int), AgentID: m.agents[m.random.IntN(len(m.agents))],
		CreatedAt: b.CreatedAt, ScheduledAt: b.CreatedAt, RunnableAt: &b.CreatedAt, AssignedAt: b.StartedAt,
		AcceptedAt: b.StartedAt, StartedAt: b.StartedAt, FinishedAt: b.FinishedAt,
	}
	switch {
	case n > 0 || b.State == build.Passed:
		s.JobTally.Passed = 1
	case b.State == build.Failed:
		*j.ExitStatus = 1
		s.Outcome, s.Own.Failed, s.Full.Failed = build.HardFailed, true, true
		s.JobTally = build.Tally{Failed: 1, HardFailed: 1}
	default:
		j.State, j.ExitStatus, j.CanceledAt = build.JobCanceled, nil, b.CanceledAt
		s.Outcome, s.Own.Stopped, s.Full.Stopped = build.Errored, true, true
		s.JobTally = build.Tally{Stopped: 1, Errored: 1, Canceled: 1}
	}
	m.out.steps = append(m.out.steps, s)
	m.out.jobs[b.PipelineID] = append(m.out.jobs[b.PipelineID], j)
}

// beside makes what some builds have beside their jobs. Artifacts are deleted ones, since there are no files.
func (m *maker) beside(b *store.Build) {
	if m.chance(withMetaData) {
		m.out.metaData = append(m.out.metaData, store.MetaDataItem{BuildID: b.ID, Key: "release", Value: fmt.Sprint(m.random.IntN(1000))})
	}
	if m.chance(withArtifacts) {
		jobs := m.out.jobs[b.PipelineID]
		m.out.artifacts = append(m.out.artifacts, store.Artifact{
			ID: m.id(*b.FinishedAt), OrganizationID: b.OrganizationID, BuildID: b.ID, JobID: jobs[len(jobs)-1].ID,
			BatchID: m.id(*b.FinishedAt), State: store.ArtifactDeleted, Path: "log/test.log", ContentType: "text/plain",
			FileSize: int64(m.random.IntN(1 << 20)), SHA1Sum: m.commit(), CreatedAt: *b.FinishedAt,
		})
	}
	if m.chance(annotated) {
		m.out.annotations = append(m.out.annotations, store.Annotation{
			ID: m.id(*b.FinishedAt), BuildID: b.ID, Scope: store.BuildScope, Context: "default", Style: "info",
			Priority: 3, Body: "Coverage is **91 %**.", CreatedAt: *b.FinishedAt, UpdatedAt: *b.FinishedAt,
		})
	}
}

// id draws a UUID of version 7 for a time: the order of ids is the order of creation.
func (m *maker) id(at time.Time) string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], uint64(at.UnixMilli())<<16|0x7000|m.random.Uint64()&0x0fff)
	binary.BigEndian.PutUint64(u[8:], 2<<62|m.random.Uint64()>>2)
	return u.String()
}
