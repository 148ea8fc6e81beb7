package rest

import (
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// scriptJob is the object `job_script`.
type scriptJob struct {
	ID                    string            `json:"id"`
	GraphQLID             string            `json:"graphql_id"`
	Type                  build.JobType     `json:"type"`
	Name                  *string           `json:"name"`
	StepKey               *string           `json:"step_key"`
	GroupKey              *string           `json:"group_key"`
	Step                  *jobStep          `json:"step"`
	Priority              jobPriority       `json:"priority"`
	AgentQueryRules       []string          `json:"agent_query_rules"`
	State                 string            `json:"state"`
	BuildURL              string            `json:"build_url"`
	WebURL                string            `json:"web_url"`
	LogURL                string            `json:"log_url"`
	RawLogURL             string            `json:"raw_log_url"`
	ArtifactsURL          string            `json:"artifacts_url"`
	Command               *string           `json:"command"`
	SoftFailed            bool              `json:"soft_failed"`
	ExitStatus            *int              `json:"exit_status"`
	Signal                *string           `json:"signal"`
	SignalReason          *string           `json:"signal_reason"`
	BrokenReason          *string           `json:"broken_reason"`
	PromisedExitStatus    *int              `json:"promised_exit_status,omitempty"`
	PromisedExitStatusAt  *wire.Time        `json:"promised_exit_status_at,omitempty"`
	ArtifactPaths         *string           `json:"artifact_paths"`
	Agent                 *agentObject      `json:"agent"`
	CreatedAt             wire.Time         `json:"created_at"`
	ScheduledAt           *wire.Time        `json:"scheduled_at"`
	RunnableAt            *wire.Time        `json:"runnable_at"`
	ConcurrencyWaitTimeMS *int64            `json:"concurrency_wait_time_ms"`
	StartedAt             *wire.Time        `json:"started_at"`
	FinishedAt            *wire.Time        `json:"finished_at"`
	ExpiredAt             *wire.Time        `json:"expired_at"`
	Retried               bool              `json:"retried"`
	RetriedInJobID        *string           `json:"retried_in_job_id"`
	RetriesCount          int               `json:"retries_count"`
	RetrySource           *retrySource      `json:"retry_source"`
	RetryType             *string           `json:"retry_type"`
	RetriedBy             *userObject       `json:"retried_by"`
	ParallelGroupIndex    *int              `json:"parallel_group_index"`
	ParallelGroupTotal    *int              `json:"parallel_group_total"`
	Matrix                map[string]string `json:"matrix"`
	ClusterID             *string           `json:"cluster_id"`
	ClusterURL            *string           `json:"cluster_url"`
	ClusterQueueID        *string           `json:"cluster_queue_id"`
	ClusterQueueURL       *string           `json:"cluster_queue_url"`
}

// jobStep is the object `job_step`.
type jobStep struct {
	ID        string         `json:"id"`
	Signature *stepSignature `json:"signature"`
}

// stepSignature is the object `step_signature`.
type stepSignature struct {
	Value        string   `json:"value"`
	Algorithm    string   `json:"algorithm"`
	SignedFields []string `json:"signed_fields"`
}

type jobPriority struct {
	Number int `json:"number"`
}

// retrySource is the object `retry_source`: the job that this one retries.
type retrySource struct {
	JobID     string `json:"job_id"`
	RetryType string `json:"retry_type"`
}

// waiterJob is the object `job_waiter`.
type waiterJob struct {
	ID        string        `json:"id"`
	GraphQLID string        `json:"graphql_id"`
	Type      build.JobType `json:"type"`
	State     string        `json:"state"`
	StepKey   *string       `json:"step_key,omitempty"`
	GroupKey  *string       `json:"group_key,omitempty"`
	WebURL    *string       `json:"web_url"`
}

// manualJob is the object `job_manual`.
type manualJob struct {
	ID          string        `json:"id"`
	GraphQLID   string        `json:"graphql_id"`
	Type        build.JobType `json:"type"`
	Label       *string       `json:"label"`
	StepKey     *string       `json:"step_key"`
	GroupKey    *string       `json:"group_key"`
	State       string        `json:"state"`
	WebURL      *string       `json:"web_url"`
	UnblockedBy *userObject   `json:"unblocked_by"`
	UnblockedAt *wire.Time    `json:"unblocked_at"`
	Unblockable bool          `json:"unblockable"`
	UnblockURL  *string       `json:"unblock_url"`
}

// triggerJob is the object `job_trigger`.
type triggerJob struct {
	ID             string          `json:"id"`
	GraphQLID      string          `json:"graphql_id"`
	Type           build.JobType   `json:"type"`
	Name           *string         `json:"name"`
	StepKey        *string         `json:"step_key"`
	GroupKey       *string         `json:"group_key"`
	State          string          `json:"state"`
	Async          bool            `json:"async"`
	WebURL         *string         `json:"web_url"`
	CreatedAt      wire.Time       `json:"created_at"`
	ScheduledAt    *wire.Time      `json:"scheduled_at"`
	RunnableAt     *wire.Time      `json:"runnable_at"`
	StartedAt      *wire.Time      `json:"started_at"`
	FinishedAt     *wire.Time      `json:"finished_at"`
	TriggeredBuild *triggeredBuild `json:"triggered_build"`
}

// triggeredBuild is the object `triggered_build`.
type triggeredBuild struct {
	ID     string `json:"id"`
	Number int64  `json:"number"`
	URL    string `json:"url"`
	WebURL string `json:"web_url"`
}

// jobObjects turns jobs of one build into objects.
type jobObjects struct {
	objects
	place store.Place
	with  builds.Expanded
	// signatures keeps what was read of steps: the jobs of a parallel step share it.
	signatures map[string]*stepSignature
}

func (o objects) jobsOf(place store.Place, with builds.Expanded) jobObjects {
	return jobObjects{objects: o, place: place, with: with, signatures: map[string]*stepSignature{}}
}

// job returns the object of a job of any type.
func (js jobObjects) job(j *store.Job) any {
	switch j.Type {
	case build.Waiter:
		return js.waiter(j)
	case build.Manual:
		return js.manual(j)
	case build.Trigger:
		return js.trigger(j)
	}
	return js.script(j)
}

func (js jobObjects) waiter(j *store.Job) waiterJob {
	step := js.with.Steps[j.StepID]
	return waiterJob{
		ID:        j.ID,
		GraphQLID: global(jobType, j.ID),
		Type:      j.Type,
		State:     builds.ShownState(&j.Job),
		StepKey:   orNull(step.Key),
		GroupKey:  js.groupKey(step),
	}
}

func (js jobObjects) manual(j *store.Job) manualJob {
	step := js.with.Steps[j.StepID]
	m := manualJob{
		ID:          j.ID,
		GraphQLID:   global(jobType, j.ID),
		Type:        j.Type,
		Label:       orNull(firstOf(j.Spec.Label, step.Label)),
		StepKey:     orNull(step.Key),
		GroupKey:    js.groupKey(step),
		State:       builds.ShownState(&j.Job),
		UnblockedBy: js.userIn(js.with.Users, orNull(j.UnblockedBy)),
		UnblockedAt: wire.TimePtr(j.UnblockedAt),
		Unblockable: builds.Unblockable(&j.Job),
	}
	if m.State == string(build.JobBlocked) {
		address := js.address(j) + "/unblock"
		m.UnblockURL = &address
	}
	return m
}

func (js jobObjects) trigger(j *store.Job) triggerJob {
	step := js.with.Steps[j.StepID]
	web := js.urls.jobWeb(js.org, js.place.PipelineSlug, js.place.BuildNumber, j.ID)
	t := triggerJob{
		ID:          j.ID,
		GraphQLID:   global(jobType, j.ID),
		Type:        j.Type,
		Name:        orNull(firstOf(j.Spec.Label, step.Label)),
		StepKey:     orNull(step.Key),
		GroupKey:    js.groupKey(step),
		State:       builds.ShownState(&j.Job),
		Async:       step.Settings.Trigger != nil && step.Settings.Trigger.Async,
		WebURL:      &web,
		CreatedAt:   wire.Time(j.CreatedAt),
		ScheduledAt: wire.TimePtr(&j.ScheduledAt),
		RunnableAt:  wire.TimePtr(j.RunnableAt),
		StartedAt:   wire.TimePtr(j.StartedAt),
		FinishedAt:  wire.TimePtr(j.FinishedAt),
	}
	if child, ok := js.with.Builds[j.TriggeredBuildID]; ok {
		slug := js.with.Pipelines[child.PipelineID].Slug
		t.TriggeredBuild = &triggeredBuild{
			ID:     child.ID,
			Number: child.Number,
			URL:    js.urls.build(js.org, slug, child.Number),
			WebURL: js.urls.buildWeb(js.org, slug, child.Number),
		}
	}
	return t
}

func (js jobObjects) groupKey(step build.Step) *string {
	return orNull(js.with.Groups[step.GroupID].Key)
}

func (js jobObjects) address(j *store.Job) string {
	return js.urls.job(js.org, js.place.PipelineSlug, js.place.BuildNumber, j.ID)
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// onPausedQueue reports whether a job waits for an agent of a queue that gives out no jobs.
func (js jobObjects) onPausedQueue(j *store.Job) bool {
	return j.State == build.JobScheduled && js.with.Queues[j.QueueID].PausedAt != nil
}
