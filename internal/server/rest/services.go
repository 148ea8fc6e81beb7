package rest

import (
	"context"
	"io"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/annotation"
	"github.com/bridle-ci/bridle/internal/core/badge"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/service/annotations"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/service/pipelines"
	"github.com/bridle-ci/bridle/internal/service/schedules"
	"github.com/bridle-ci/bridle/internal/store"
)

// Services are the use cases the API calls.
type Services struct {
	Agents      Agents
	Accounts    Accounts
	Annotations Annotations
	Artifacts   Artifacts
	Builds      Builds
	Logs        Logs
	Pipelines   Pipelines
	Schedules   Schedules
}

// Accounts is what the API needs of service/accounts.
type Accounts interface {
	Authenticate(ctx context.Context, token, remoteIP string) (access.Actor, error)
	Token(ctx context.Context, actor access.Actor) (store.APIToken, store.User, error)
	RevokeToken(ctx context.Context, actor access.Actor) error
	User(ctx context.Context, actor access.Actor) (store.User, error)
	Organizations(ctx context.Context, actor access.Actor, page store.Page) ([]store.Organization, int, error)
	Organization(ctx context.Context, actor access.Actor, slug string) (store.Organization, error)
}

// Builds is what the API needs of service/builds.
type Builds interface {
	List(ctx context.Context, actor access.Actor, pipelineSlug string, f store.BuildFilter, page store.Page) ([]store.Build, int, error)
	Find(ctx context.Context, actor access.Actor, pipelineSlug, ref string) (store.Build, error)
	Create(ctx context.Context, actor access.Actor, pipelineSlug string, in builds.NewBuild) (store.Build, error)
	Cancel(ctx context.Context, actor access.Actor, pipelineSlug, ref, reason string) (store.Build, error)
	Rebuild(ctx context.Context, actor access.Actor, pipelineSlug, ref string) (store.Build, error)
	RetryFailed(ctx context.Context, actor access.Actor, pipelineSlug, ref string, states []string) (store.Build, int, error)
	Expand(ctx context.Context, actor access.Actor, items []store.Build, o builds.Expand) (builds.Expanded, error)

	Uploads(ctx context.Context, actor access.Actor, pipelineSlug, ref string, f builds.UploadFilter) (builds.UploadPage, error)
	UploadByID(ctx context.Context, actor access.Actor, pipelineSlug, ref, uploadID string) (store.PipelineUpload, store.Build, error)

	Jobs(ctx context.Context, actor access.Actor, pipelineSlug, ref string, f builds.JobFilter) (builds.JobPage, error)
	Place(ctx context.Context, actor access.Actor, pipelineSlug, ref string) (store.Place, error)
	Show(ctx context.Context, actor access.Actor, pipelineSlug, ref string, o builds.Expand) (store.Build, builds.Expanded, error)
	ShowJob(ctx context.Context, actor access.Actor, ref builds.JobRef) (store.Job, store.Place, builds.Expanded, error)
	Job(ctx context.Context, actor access.Actor, ref builds.JobRef, action access.Action) (store.Job, store.Place, error)
	RetryJob(ctx context.Context, actor access.Actor, ref builds.JobRef) (store.Job, store.Place, error)
	ReprioritizeJob(ctx context.Context, actor access.Actor, ref builds.JobRef, priority int) (store.Job, store.Place, error)
	UnblockJob(ctx context.Context, actor access.Actor, ref builds.JobRef, unblockerID string, fields map[string][]string) (store.Job, store.Place, error)
	JobEnv(ctx context.Context, actor access.Actor, ref builds.JobRef) (map[string]string, error)
	OpenSession(ctx context.Context, actor access.Actor, jobID string) error
	// HeldJobs returns the jobs that agents hold, each with its build at the same index, and what they are shown with. It
	// asks for access.AgentView.
	HeldJobs(ctx context.Context, actor access.Actor, agentIDs []string) ([]store.Job, map[string]store.Place, builds.Expanded, error)
	ExpandJobs(ctx context.Context, actor access.Actor, jobs []store.Job) (builds.Expanded, error)

	// Badge asks for no permission: the token of a badge is all one needs to see it.
	Badge(ctx context.Context, token string, f builds.BadgeFilter) (badge.Status, error)
}

// Logs is what the API needs of service/logs, which asks for no permission: the job is looked up first.
type Logs interface {
	Size(ctx context.Context, jobID string) (int64, error)
	Read(ctx context.Context, jobID string, offset, length int64) (r io.ReadCloser, size int64, err error)
	Tail(ctx context.Context, jobID string, n int64) (r io.ReadCloser, start, size int64, err error)
	Times(ctx context.Context, jobID string) ([]int64, error)
	HTML(ctx context.Context, jobID string) (string, error)
	Delete(ctx context.Context, jobID string) error
}

// Agents is what the API needs of service/agents. Ids are as clients send them.
type Agents interface {
	Agents(ctx context.Context, actor access.Actor, f agents.AgentFilter, page store.Page) ([]agents.AgentView, int, error)
	Agent(ctx context.Context, actor access.Actor, id string) (agents.AgentView, error)
	CreateAgent(ctx context.Context, actor access.Actor) error
	StopAgent(ctx context.Context, actor access.Actor, id string, force bool) error
	PauseAgent(ctx context.Context, actor access.Actor, id string, note *string, timeoutMinutes *int64) error
	ResumeAgent(ctx context.Context, actor access.Actor, id string) error
	Clusters
}

// Clusters is the other part of service/agents: what agents belong to. Ids are as clients send them.
type Clusters interface {
	Clusters(ctx context.Context, actor access.Actor, page store.Page) ([]agents.ClusterView, int, error)
	Cluster(ctx context.Context, actor access.Actor, id string) (agents.ClusterView, error)
	CreateCluster(ctx context.Context, actor access.Actor, in agents.ClusterInput) (agents.ClusterView, error)
	UpdateCluster(ctx context.Context, actor access.Actor, id string, c agents.ClusterChanges) (agents.ClusterView, error)
	DeleteCluster(ctx context.Context, actor access.Actor, id string) error

	Maintainers(ctx context.Context, actor access.Actor, clusterID string) ([]agents.Maintainer, error)
	Maintainer(ctx context.Context, actor access.Actor, clusterID, id string) (agents.Maintainer, error)
	AddMaintainer(ctx context.Context, actor access.Actor, clusterID string, in agents.MaintainerInput) (agents.Maintainer, error)
	RemoveMaintainer(ctx context.Context, actor access.Actor, clusterID, id string) error

	Queues(ctx context.Context, actor access.Actor, clusterID string, page store.Page) ([]agents.QueueView, int, error)
	Queue(ctx context.Context, actor access.Actor, clusterID, id string) (agents.QueueView, error)
	CreateQueue(ctx context.Context, actor access.Actor, clusterID string, in agents.QueueInput) (agents.QueueView, error)
	UpdateQueue(ctx context.Context, actor access.Actor, clusterID, id string, c agents.QueueChanges) (agents.QueueView, error)
	DeleteQueue(ctx context.Context, actor access.Actor, clusterID, id string) error
	PauseQueue(ctx context.Context, actor access.Actor, clusterID, id string, note *string) (agents.QueueView, error)
	ResumeQueue(ctx context.Context, actor access.Actor, clusterID, id string) (agents.QueueView, error)

	Tokens(ctx context.Context, actor access.Actor, clusterID string, page store.Page) ([]agents.TokenView, int, error)
	TokenByID(ctx context.Context, actor access.Actor, clusterID, id string) (agents.TokenView, error)
	CreateToken(ctx context.Context, actor access.Actor, clusterID string, in agents.TokenInput) (agents.TokenView, string, error)
	UpdateToken(ctx context.Context, actor access.Actor, clusterID, id string, c agents.TokenChanges) (agents.TokenView, error)
	DeleteToken(ctx context.Context, actor access.Actor, clusterID, id string) error
	AllTokens(ctx context.Context, actor access.Actor, page store.Page) ([]agents.TokenView, int, error)
	CreateTokenAnywhere(ctx context.Context, actor access.Actor, clusterID string, in agents.TokenInput) (agents.TokenView, string, error)

	ViewHosted(ctx context.Context, actor access.Actor, clusterID string) error
	AgentImage(ctx context.Context, actor access.Actor, clusterID, id string) error
	CreateAgentImage(ctx context.Context, actor access.Actor, clusterID string) error
	DeleteAgentImage(ctx context.Context, actor access.Actor, clusterID, id string) error
	DeleteCacheVolume(ctx context.Context, actor access.Actor, clusterID, tag string) error
}

// Artifacts is what the API needs of service/artifacts.
type Artifacts interface {
	List(ctx context.Context, actor access.Actor, o artifacts.Owner, f artifacts.Filter, page store.Page) ([]store.Artifact, int, error)
	Get(ctx context.Context, actor access.Actor, o artifacts.Owner, id string) (store.Artifact, error)
	DownloadURL(ctx context.Context, actor access.Actor, o artifacts.Owner, id string) (string, error)
	Delete(ctx context.Context, actor access.Actor, o artifacts.Owner, id string) error
}

// Pipelines is what the API needs of service/pipelines.
type Pipelines interface {
	List(ctx context.Context, actor access.Actor, f pipelines.Filter, page store.Page) ([]pipelines.View, int, error)
	Get(ctx context.Context, actor access.Actor, slug string) (pipelines.View, error)
	Create(ctx context.Context, actor access.Actor, in pipelines.Input) (pipelines.View, error)
	Update(ctx context.Context, actor access.Actor, slug string, c pipelines.Changes) (pipelines.View, error)
	Delete(ctx context.Context, actor access.Actor, slug string) error
	Archive(ctx context.Context, actor access.Actor, slug string) (pipelines.View, error)
	Unarchive(ctx context.Context, actor access.Actor, slug string) (pipelines.View, error)
	AddWebhook(ctx context.Context, actor access.Actor, slug string) error
	GitHubWebhooks(ctx context.Context, actor access.Actor, slug string) (pipelines.WebhookProcessing, error)
	EnableGitHubWebhooks(ctx context.Context, actor access.Actor, slug string) (pipelines.WebhookProcessing, error)
	DisableGitHubWebhooks(ctx context.Context, actor access.Actor, slug string) (pipelines.WebhookProcessing, error)
}

// Schedules is what the API needs of service/schedules.
type Schedules interface {
	List(ctx context.Context, actor access.Actor, pipelineSlug string, page store.Page) ([]schedules.View, int, error)
	Get(ctx context.Context, actor access.Actor, pipelineSlug, id string) (schedules.View, error)
	Create(ctx context.Context, actor access.Actor, pipelineSlug string, in schedules.Changes) (schedules.View, error)
	Update(ctx context.Context, actor access.Actor, pipelineSlug, id string, c schedules.Changes) (schedules.View, error)
	Delete(ctx context.Context, actor access.Actor, pipelineSlug, id string) error
}

// Annotations is what the API needs of service/annotations.
type Annotations interface {
	List(ctx context.Context, actor access.Actor, o annotations.Owner, f annotations.Filter, page store.Page) ([]annotations.View, int, error)
	Create(ctx context.Context, actor access.Actor, o annotations.Owner, c annotation.Change) (annotations.View, error)
	Delete(ctx context.Context, actor access.Actor, o annotations.Owner, id string) error
}
