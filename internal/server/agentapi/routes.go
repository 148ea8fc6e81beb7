package agentapi

import "net/http"

// route is a row of the API.
type route struct {
	method string
	// path has placeholders such as :job.
	path     string
	caller   caller
	handle   func(*API, *call) error
	segments []string // of path; newRouter sets it
}

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// routes is the API, in the order of docs/contract/agent-api.md.
var routes = []route{
	// Section 5: agents come and go.
	{method: post, path: "/v3/register", caller: tokenHolder, handle: (*API).register},
	{method: post, path: "/v3/connect", caller: agent, handle: (*API).connect},
	{method: post, path: "/v3/disconnect", caller: leavingAgent, handle: (*API).disconnect},
	{method: post, path: "/v3/heartbeat", caller: agent, handle: (*API).heartbeat},
	{method: post, path: "/v3/stop", caller: jobOrAgent, handle: (*API).stop},
	{method: post, path: "/v3/pause", caller: jobOrAgent, handle: (*API).pause},
	{method: post, path: "/v3/resume", caller: jobOrAgent, handle: (*API).resume},

	// Section 6: what is there to do?
	{method: get, path: "/v3/ping", caller: agent, handle: (*API).ping},

	// Section 8: the life of a job.
	{method: put, path: "/v3/jobs/:job/accept", caller: agent, handle: (*API).accept},
	{method: put, path: "/v3/jobs/:job/acquire", caller: agent, handle: (*API).acquire},
	{method: put, path: "/v3/jobs/:job/start", caller: jobItself, handle: (*API).start},
	{method: get, path: "/v3/jobs/:job", caller: jobItself, handle: (*API).jobState},
	{method: put, path: "/v3/jobs/:job", caller: jobItself, handle: (*API).updateJob},
	{method: put, path: "/v3/jobs/:job/finish", caller: jobItself, handle: (*API).finish},
	{method: put, path: "/v3/jobs/:job/promise_failure", caller: jobItself, handle: (*API).promiseFailure},

	// Section 10: its log.
	{method: post, path: "/v3/jobs/:job/chunks", caller: jobItself, handle: (*API).chunk},
	{method: post, path: "/v3/jobs/:job/header_times", caller: jobItself, handle: (*API).headerTimes},

	// Section 11: what jobs tell each other and people.
	{method: post, path: "/v3/jobs/:job/data/set", caller: neighbor, handle: (*API).setMetaData},
	{method: post, path: "/v3/jobs/:job/data/set-batch", caller: neighbor, handle: (*API).setMetaDataBatch},
	{method: post, path: "/v3/jobs/:job/data/get", caller: neighbor, handle: (*API).metaData},
	{method: post, path: "/v3/jobs/:job/data/exists", caller: neighbor, handle: (*API).metaDataExists},
	{method: post, path: "/v3/jobs/:job/data/keys", caller: neighbor, handle: (*API).metaDataKeys},
	{method: post, path: "/v3/builds/:build/data/get", caller: anyJob, handle: (*API).metaData},
	{method: post, path: "/v3/builds/:build/data/exists", caller: anyJob, handle: (*API).metaDataExists},
	{method: post, path: "/v3/builds/:build/data/keys", caller: anyJob, handle: (*API).metaDataKeys},
	{method: post, path: "/v3/jobs/:job/annotations", caller: neighbor, handle: (*API).annotate},
	{method: del, path: "/v3/jobs/:job/annotations/:context", caller: neighbor, handle: (*API).removeAnnotation},
	{method: post, path: "/v3/steps/:step/export", caller: anyJob, handle: (*API).exportStep},
	{method: put, path: "/v3/steps/:step", caller: anyJob, handle: (*API).updateStep},
	{method: post, path: "/v3/steps/:step/cancel", caller: anyJob, handle: (*API).cancelStep},
	{method: post, path: "/v3/builds/:build/cancel", caller: anyJob, handle: (*API).cancelBuild},

	// Section 12: its files.
	{method: post, path: "/v3/jobs/:job/artifacts", caller: neighbor, handle: (*API).createArtifacts},
	{method: put, path: "/v3/jobs/:job/artifacts", caller: neighbor, handle: (*API).updateArtifacts},
	{method: get, path: "/v3/builds/:build/artifacts/search", caller: anyJob, handle: (*API).searchArtifacts},

	// Section 13: more steps.
	{method: post, path: "/v3/jobs/:job/pipelines", caller: jobItself, handle: (*API).uploadPipeline},
	{method: get, path: "/v3/jobs/:job/pipelines/:upload", caller: jobItself, handle: (*API).uploadStatus},

	// Section 14: what this installation does not have.
	{method: post, path: "/v3/jobs/:job/oidc/tokens", caller: jobItself, handle: (*API).noOIDC},
	{method: get, path: "/v3/jobs/:job/secrets", caller: jobItself, handle: (*API).noSecrets},
	{method: post, path: "/v3/jobs/:job/repository_access_token", caller: jobItself, handle: (*API).noRepositoryTokens},
	{method: post, path: "/v3/jobs/:job/github_code_access_token", caller: jobItself, handle: (*API).noRepositoryTokens},
	{method: get, path: "/v3/cache_registries/:registry", caller: anyJob, handle: (*API).noCache},
	{method: post, path: "/v3/cache_registries/:registry/peek", caller: anyJob, handle: (*API).noCache},
	{method: put, path: "/v3/cache_registries/:registry/store", caller: anyJob, handle: (*API).noCache},
	{method: put, path: "/v3/cache_registries/:registry/commit", caller: anyJob, handle: (*API).noCache},
	{method: post, path: "/v3/cache_registries/:registry/retrieve", caller: anyJob, handle: (*API).noCache},
	{method: post, path: "/v3/cache_registries/:registry/expire", caller: anyJob, handle: (*API).noCache},

	// Section 16: about the agent token.
	{method: get, path: "/v3/token", caller: tokenHolder, handle: (*API).tokenIdentity},
	{method: get, path: "/v3/metrics", caller: tokenHolder, handle: (*API).metrics},
	{method: get, path: "/v3/metrics/queue", caller: tokenHolder, handle: (*API).queueMetrics},
}
