package agentapi

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/core/annotation"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/store"
)

// Services are the use cases that the API speaks for. Errors that are for the client are *fault.Error.
type Services struct {
	Agents      Agents
	Jobs        AgentJobs
	Logs        Logs
	Artifacts   Artifacts
	Annotations Annotations
}

// Agents are the use cases of agents themselves.
type Agents interface {
	Register(ctx context.Context, clusterToken, ip string, r agents.Registration) (store.Agent, string, error)
	Session(ctx context.Context, token string) (store.Agent, error)
	Refresh(ctx context.Context, token string) (store.Agent, error)
	Watch(agentID string) (changes <-chan string, cancel func())
	Changed(agentID string)
	Finished(agentID string, at time.Time)
	Connect(ctx context.Context, token string) (store.Agent, error)
	Disconnect(ctx context.Context, token string) (agentID string, err error)
	Stop(ctx context.Context, agentID string, force bool) error
	Pause(ctx context.Context, agentID, note string, timeoutMinutes int) error
	Resume(ctx context.Context, agentID string) error
	HeldJob(ctx context.Context, token string) (store.Job, error)
	JobInCluster(ctx context.Context, own store.Job, jobID string) (store.Job, error)
	TokenInfo(ctx context.Context, clusterToken string) (agents.TokenInfo, error)
	Metrics(ctx context.Context, clusterToken string) (agents.Metrics, error)
	QueueMetrics(ctx context.Context, clusterToken, key string) (agents.Metrics, error)
}

// AgentJobs is what the agent API needs of builds. An empty build id is the job's own build.
type AgentJobs interface {
	Offer(ctx context.Context, agent store.Agent) (jobID string, err error)
	Wait(ctx context.Context, agent store.Agent) builds.Waiter
	Accept(ctx context.Context, agent store.Agent, jobID string) (builds.Assignment, error)
	Acquire(ctx context.Context, agent store.Agent, jobID string) (builds.Assignment, error)
	AgentLeft(ctx context.Context, agentID string) error

	JobByToken(ctx context.Context, token string) (store.Job, error)
	Start(ctx context.Context, job store.Job, at time.Time) error
	Finish(ctx context.Context, job store.Job, f builds.Finish) error
	JobState(ctx context.Context, jobID string) (build.JobState, error)
	UpdateTimeout(ctx context.Context, job store.Job, minutes int) error
	Promise(ctx context.Context, job store.Job, exitStatus int, reason string) error

	Upload(ctx context.Context, job store.Job, u builds.Upload) (store.PipelineUpload, error)
	UploadStatus(ctx context.Context, job store.Job, id string) (store.PipelineUpload, error)

	SetMetaData(ctx context.Context, job store.Job, buildID string, items map[string]string) error
	MetaData(ctx context.Context, job store.Job, buildID, key string) (string, error)
	MetaDataExists(ctx context.Context, job store.Job, buildID, key string) (bool, error)
	MetaDataKeys(ctx context.Context, job store.Job, buildID string) ([]string, error)

	ExportStep(ctx context.Context, job store.Job, stepRef, buildID, attribute, format string) (string, error)
	UpdateStep(ctx context.Context, job store.Job, stepRef, buildID, attribute, value string, appendValue bool, idempotencyID string) error
	CancelStep(ctx context.Context, job store.Job, stepRef, buildID string, force bool, grace time.Duration) (uuid string, err error)
	CancelBuild(ctx context.Context, job store.Job, buildID string) (uuid string, err error)
}

// Logs are the use cases of job logs.
type Logs interface {
	Append(ctx context.Context, jobID string, c logs.Chunk) error
	HeaderTimes(ctx context.Context, jobID string, times map[string]string) error
}

// Artifacts are the use cases of the files that jobs leave behind.
type Artifacts interface {
	CreateBatch(ctx context.Context, job *store.Job, b artifacts.Batch) (artifacts.Created, error)
	SetStates(ctx context.Context, job *store.Job, changes []artifacts.StateChange) error
	Search(ctx context.Context, job *store.Job, in artifacts.Search) ([]artifacts.Found, error)
}

// Annotations are the use cases of notes on builds and jobs. An empty scope is the build.
type Annotations interface {
	Annotate(ctx context.Context, job *store.Job, scope string, c annotation.Change) error
	Remove(ctx context.Context, job *store.Job, scope, context string) error
}
