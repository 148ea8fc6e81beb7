package rest

import (
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// buildObject is the object `build`.
type buildObject struct {
	ID            string            `json:"id"`
	GraphQLID     string            `json:"graphql_id"`
	URL           string            `json:"url"`
	WebURL        string            `json:"web_url"`
	Number        int64             `json:"number"`
	State         build.State       `json:"state"`
	Blocked       bool              `json:"blocked"`
	CancelReason  *string           `json:"cancel_reason"`
	Message       *string           `json:"message"`
	Commit        string            `json:"commit"`
	Branch        string            `json:"branch"`
	Tag           *string           `json:"tag"`
	Env           map[string]string `json:"env"`
	Source        string            `json:"source"`
	Author        *authorObject     `json:"author"`
	Creator       *userObject       `json:"creator"`
	Jobs          *[]any            `json:"jobs,omitempty"`
	JobCounts     *jobStateCounts   `json:"job_state_counts,omitempty"`
	CreatedAt     wire.Time         `json:"created_at"`
	ScheduledAt   *wire.Time        `json:"scheduled_at"`
	StartedAt     *wire.Time        `json:"started_at"`
	FailingAt     *wire.Time        `json:"failing_at"`
	FinishedAt    *wire.Time        `json:"finished_at"`
	MetaData      map[string]string `json:"meta_data"`
	PullRequest   *pullRequest      `json:"pull_request"`
	MergeQueue    *struct{}         `json:"merge_queue"`
	RebuiltFrom   *rebuiltFrom      `json:"rebuilt_from"`
	TriggeredFrom *triggeredFrom    `json:"triggered_from"`
	Pipeline      *pipelineObject   `json:"pipeline,omitempty"`
	// TestEngine and RetriedJobsCount belong to the one answer each that asks for them.
	TestEngine       *testEngine `json:"test_engine,omitempty"`
	RetriedJobsCount *int        `json:"retried_jobs_count,omitempty"`
}

// authorObject is the object `author`.
type authorObject struct {
	Username *string `json:"username"`
	Name     string  `json:"name"`
	Email    string  `json:"email"`
}

// pullRequest is the object `pull_request`.
type pullRequest struct {
	ID         string   `json:"id"`
	Base       string   `json:"base"`
	Repository string   `json:"repository"`
	Labels     []string `json:"labels,omitempty"`
}

// rebuiltFrom is the object `rebuilt_from`.
type rebuiltFrom struct {
	ID     string `json:"id"`
	Number int64  `json:"number"`
	URL    string `json:"url"`
}

// triggeredFrom is the object `triggered_from`.
type triggeredFrom struct {
	BuildID           string `json:"build_id"`
	BuildNumber       int64  `json:"build_number"`
	BuildPipelineSlug string `json:"build_pipeline_slug"`
}

// jobStateCounts is the object `job_state_counts`.
type jobStateCounts struct {
	Total  int            `json:"total"`
	States map[string]int `json:"states"`
}

// testEngine is the object `build_test_engine`. There are no runs yet.
type testEngine struct {
	Runs []any `json:"runs"`
}

// buildObjects turns builds into objects; pipelines that several builds share are made once.
type buildObjects struct {
	objects
	actor     access.Actor
	with      builds.Expanded
	pipelines map[string]*pipelineObject
}

func (c *call) buildObjects(with builds.Expanded) buildObjects {
	return buildObjects{objects: c.objects(), actor: c.actor, with: with, pipelines: map[string]*pipelineObject{}}
}

// build returns a build's object. Its jobs and its pipeline are there as far as they were asked of the service.
func (bs buildObjects) build(b *store.Build) *buildObject {
	slug := bs.with.Pipelines[b.PipelineID].Slug
	out := &buildObject{
		ID:            b.ID,
		GraphQLID:     global(buildType, b.ID),
		URL:           bs.urls.build(bs.org, slug, b.Number),
		WebURL:        bs.urls.buildWeb(bs.org, slug, b.Number),
		Number:        b.Number,
		State:         shownBuildState(b),
		Blocked:       b.State == build.Blocked,
		CancelReason:  orNull(b.CancelReason),
		Message:       b.Message,
		Commit:        b.Commit,
		Branch:        b.Branch,
		Tag:           b.Tag,
		Env:           notNil(b.Env),
		Source:        b.Source,
		Creator:       bs.userIn(bs.with.Users, b.CreatorID),
		CreatedAt:     wire.Time(b.CreatedAt),
		ScheduledAt:   wire.TimePtr(b.ScheduledAt),
		StartedAt:     wire.TimePtr(b.StartedAt),
		FailingAt:     wire.TimePtr(b.FailingAt),
		FinishedAt:    wire.TimePtr(b.FinishedAt),
		MetaData:      notNil(bs.with.MetaData[b.ID]),
		RebuiltFrom:   bs.rebuiltFrom(b),
		TriggeredFrom: bs.triggeredFrom(b),
	}
	if a := b.Author; a != nil {
		out.Author = &authorObject{Username: orNull(a.Username), Name: a.Name, Email: a.Email}
	}
	if pr := b.PullRequest; pr != nil {
		out.PullRequest = &pullRequest{ID: pr.ID, Base: pr.Base, Repository: pr.Repository, Labels: pr.Labels}
	}
	return out
}

// withJobs adds a build's jobs, perhaps without those that a paused queue holds up.
func (bs buildObjects) withJobs(out *buildObject, b *store.Build, hidePaused bool) {
	list := []any{}
	pipeline := bs.with.Pipelines[b.PipelineID]
	objects := bs.jobsOf(store.Place{
		BuildID: b.ID, BuildNumber: b.Number, PipelineSlug: pipeline.Slug, ClusterID: pipeline.ClusterID,
	}, bs.with)
	for i := range bs.with.Jobs[b.ID] {
		j := &bs.with.Jobs[b.ID][i]
		if hidePaused && objects.onPausedQueue(j) {
			continue
		}
		list = append(list, objects.job(j))
	}
	out.Jobs = &list
}

// withCounts adds how many jobs are in which state.
func (bs buildObjects) withCounts(out *buildObject, id string) {
	counts := jobStateCounts{States: map[string]int{}}
	for state, n := range bs.with.JobStateCounts[id] {
		counts.States[state] = n
		counts.Total += n
	}
	out.JobCounts = &counts
}

// withPipeline adds a build's pipeline.
func (bs buildObjects) withPipeline(out *buildObject, id string) {
	p, made := bs.pipelines[id]
	if row, ok := bs.with.Pipelines[id]; ok && !made {
		var creator *store.User
		if row.CreatedByID != nil {
			if u, known := bs.with.Users[*row.CreatedByID]; known {
				creator = &u
			}
		}
		p = bs.objects.pipeline(bs.actor, row, bs.with.Counts[id], creator)
		bs.pipelines[id] = p
	}
	out.Pipeline = p
}

func (bs buildObjects) rebuiltFrom(b *store.Build) *rebuiltFrom {
	if b.RebuiltFromID == nil {
		return nil
	}
	original, ok := bs.with.Builds[*b.RebuiltFromID]
	if !ok {
		return nil
	}
	slug := bs.with.Pipelines[original.PipelineID].Slug
	return &rebuiltFrom{ID: original.ID, Number: original.Number, URL: bs.urls.build(bs.org, slug, original.Number)}
}

func (bs buildObjects) triggeredFrom(b *store.Build) *triggeredFrom {
	if b.TriggeredFromID == nil {
		return nil
	}
	parent, ok := bs.with.Builds[*b.TriggeredFromID]
	if !ok {
		return nil
	}
	return &triggeredFrom{
		BuildID:           parent.ID,
		BuildNumber:       parent.Number,
		BuildPipelineSlug: bs.with.Pipelines[parent.PipelineID].Slug,
	}
}
