// Package environment puts together the variables a job runs with, and those that conditions and stored
// configurations may read. It is given values and knows nothing of where they come from.
//
// The contract is docs/contract/agent-api.md, section 15.1, and docs/contract/pipelines.md, sections 7.5 and 16.
package environment

// Person is somebody as far as variables tell.
type Person struct {
	ID    string
	Name  string
	Email string
	// Teams are slugs.
	Teams []string
}

// Ref points at another build.
type Ref struct {
	ID           string
	Number       int64
	PipelineSlug string
}

// PullRequest is what variables tell of a pull request.
type PullRequest struct {
	ID         string
	Base       string
	Repository string
	Labels     []string
	Draft      bool
}

// Build is what all jobs of a build share.
type Build struct {
	OrganizationID   string
	OrganizationSlug string

	PipelineID     string
	PipelineName   string
	PipelineSlug   string
	Provider       string
	DefaultBranch  string
	Repository     string
	CloneMirrorURL string

	ID             string
	Number         int64
	URL            string
	Branch         string
	Commit         string
	CommitResolved bool
	Message        string
	Tag            string
	Source         string
	Author         Person
	Creator        Person
	Unblocker      *Person
	PullRequest    *PullRequest
	CleanCheckout  bool
	RebuiltFrom    *Ref
	TriggeredFrom  *Ref

	// PipelineEnv is the stored configuration's top-level env, Env the build's own, UploadEnv that of uploads.
	PipelineEnv map[string]string
	Env         map[string]string
	UploadEnv   map[string]string

	ClusterID   string
	ClusterName string
}

// Job is what one job adds.
type Job struct {
	ID             string
	Label          string
	Command        string
	ArtifactPaths  string
	Plugins        string
	TimeoutMinutes int
	RetriesCount   int
	ParallelIndex  *int
	ParallelTotal  *int
	Env            map[string]string

	StepID  string
	StepKey string
	Group   *Group
}

// Group is the group step a job sits in.
type Group struct {
	ID    string
	Key   string
	Label string
}

// Agent is the agent that accepted the job. Its variables are those of this moment and not of scheduling time.
type Agent struct {
	ID   string
	Name string
	Tags []string
}
