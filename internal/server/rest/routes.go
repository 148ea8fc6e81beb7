package rest

import "github.com/bridle-ci/bridle/internal/core/access"

// route is one row of the API.
type route struct {
	// id is the row of contracts/rest/endpoints.json.
	id     string
	method string
	// path is the row's, suffixes what it may also end in.
	path     string
	suffixes []string
	// public routes take no token.
	public bool
	// actions are what the use case does; none means that any valid token may. Tokens are checked for them before the
	// handler runs, so that a token without the scope learns nothing else.
	actions []access.Action
	handle  func(*API, *call) error
}

// paths are all paths the route answers to.
func (r route) paths() []string {
	paths := []string{r.path}
	if r.path == "/" {
		paths[0] = "/{$}"
	}
	for _, suffix := range r.suffixes {
		paths = append(paths, r.path+suffix)
	}
	return paths
}

const (
	organizationPath = "/v2/organizations/{org}"
	pipelinePath     = organizationPath + "/pipelines/{pipeline}"
	buildPath        = pipelinePath + "/builds/{build}"
	agentPath        = organizationPath + "/agents/{agent}"
	clustersPath     = organizationPath + "/clusters"
	clusterPath      = clustersPath + "/{cluster}"
	queuePath        = clusterPath + "/queues/{queue}"
	clusterTokenPath = clusterPath + "/tokens/{token}"
	imagesPath       = clusterPath + "/agent-images"
	schedulesPath    = pipelinePath + "/schedules"

	gitHubWebhooksPath = pipelinePath + "/github-webhooks"
	// Jobs have two addresses with one meaning: within their build, and within the organization.
	nestedJobPath = buildPath + "/jobs/{job}"
	jobPath       = organizationPath + "/jobs/{job}"
)

// on is a row of the table. Any valid token may call a route without actions.
func on(id, method, path string, handle func(*API, *call) error, actions ...access.Action) route {
	return route{id: id, method: method, path: path, handle: handle, actions: actions}
}

// ending adds what the path may also end in.
func (r route) ending(suffixes ...string) route {
	r.suffixes = suffixes
	return r
}

func (r route) withoutToken() route {
	r.public = true
	return r
}

// routes is the whole API.
var routes = []route{
	on("meta.root", "GET", "/", (*API).root).withoutToken(),
	on("meta.get", "GET", "/v2/meta", (*API).getMeta).withoutToken(),
	on("meta.api_catalog", "GET", "/.well-known/api-catalog", (*API).getCatalog).withoutToken(),
	on("meta.analytics_openapi", "GET", "/v2/analytics/openapi.yaml", (*API).getAnalyticsDescription).withoutToken(),

	on("access_token.get", "GET", "/v2/access-token", (*API).getAccessToken),
	on("access_token.revoke", "DELETE", "/v2/access-token", (*API).revokeAccessToken),
	on("user.get", "GET", "/v2/user", (*API).getUser, access.UserView),

	on("organizations.list", "GET", "/v2/organizations", (*API).listOrganizations, access.OrganizationView),
	on("organizations.get", "GET", organizationPath, (*API).getOrganization, access.OrganizationView),
	on("organizations.rate_limit", "GET", organizationPath+"/rate_limit", (*API).getRateLimit),

	on("organizations.agent_tokens.list", "GET", organizationPath+"/agent-tokens", (*API).listAgentTokens, access.AgentTokenView),
	on("organizations.agent_tokens.create", "POST", organizationPath+"/agent-tokens", (*API).createAgentToken, access.AgentTokenChange),

	on("emojis.list", "GET", organizationPath+"/emojis", (*API).listEmojis),

	on("pipelines.list", "GET", organizationPath+"/pipelines", (*API).listPipelines, access.PipelineView),
	on("pipelines.get", "GET", pipelinePath, (*API).getPipeline, access.PipelineView),
	on("pipelines.create", "POST", organizationPath+"/pipelines", (*API).createPipeline, access.PipelineCreate),
	on("pipelines.update", "PATCH", pipelinePath, (*API).updatePipeline, access.PipelineUpdate),
	on("pipelines.replace", "PUT", pipelinePath, (*API).updatePipeline, access.PipelineUpdate),
	on("pipelines.delete", "DELETE", pipelinePath, (*API).deletePipeline, access.PipelineDelete),
	on("pipelines.archive", "POST", pipelinePath+"/archive", (*API).archivePipeline, access.PipelineArchive),
	on("pipelines.unarchive", "POST", pipelinePath+"/unarchive", (*API).unarchivePipeline, access.PipelineArchive),
	on("pipelines.add_webhook", "POST", pipelinePath+"/webhook", (*API).addPipelineWebhook, access.PipelineUpdate),

	on("pipelines.github_webhooks.get", "GET", gitHubWebhooksPath, (*API).getGitHubWebhooks, access.PipelineWebhooksView),
	on("pipelines.github_webhooks.enable", "PUT", gitHubWebhooksPath, (*API).enableGitHubWebhooks, access.PipelineWebhooksChange),
	on("pipelines.github_webhooks.disable", "DELETE", gitHubWebhooksPath, (*API).disableGitHubWebhooks, access.PipelineWebhooksChange),

	on("pipelines.schedules.list", "GET", schedulesPath, (*API).listSchedules, access.ScheduleView),
	on("pipelines.schedules.get", "GET", schedulesPath+"/{schedule}", (*API).getSchedule, access.ScheduleView),
	on("pipelines.schedules.create", "POST", schedulesPath, (*API).createSchedule, access.ScheduleChange),
	on("pipelines.schedules.update", "PUT", schedulesPath+"/{schedule}", (*API).updateSchedule, access.ScheduleChange),
	on("pipelines.schedules.patch", "PATCH", schedulesPath+"/{schedule}", (*API).updateSchedule, access.ScheduleChange),
	on("pipelines.schedules.delete", "DELETE", schedulesPath+"/{schedule}", (*API).deleteSchedule, access.ScheduleChange),

	on("builds.list_all", "GET", "/v2/builds", (*API).listBuilds, access.BuildView),
	on("builds.list_org", "GET", organizationPath+"/builds", (*API).listBuilds, access.BuildView),
	on("builds.list", "GET", pipelinePath+"/builds", (*API).listBuilds, access.BuildView),
	on("builds.get", "GET", buildPath, (*API).getBuild, access.BuildView),
	on("builds.create", "POST", pipelinePath+"/builds", (*API).createBuild, access.BuildCreate),
	on("builds.cancel", "PUT", buildPath+"/cancel", (*API).cancelBuild, access.BuildCancel),
	on("builds.rebuild", "PUT", buildPath+"/rebuild", (*API).rebuildBuild, access.BuildRebuild),
	on("builds.retry_failed_jobs", "PUT", buildPath+"/retry_failed_jobs", (*API).retryFailedJobs, access.JobRetry),

	on("builds.step_uploads.list", "GET", buildPath+"/step-uploads", (*API).listUploads, access.BuildView),
	on("builds.step_uploads.get", "GET", buildPath+"/step-uploads/{upload}", (*API).getUpload, access.BuildView),

	on("jobs.list", "GET", buildPath+"/jobs", (*API).listJobs, access.JobView),
	on("jobs.get_org", "GET", jobPath, (*API).getJob, access.JobView),
	on("jobs.get", "GET", nestedJobPath, (*API).getJob, access.JobView),
	on("jobs.retry_org", "PUT", jobPath+"/retry", (*API).retryJob, access.JobRetry),
	on("jobs.retry", "PUT", nestedJobPath+"/retry", (*API).retryJob, access.JobRetry),
	on("jobs.reprioritize_org", "PUT", jobPath+"/reprioritize", (*API).reprioritizeJob, access.JobReprioritize),
	on("jobs.reprioritize", "PUT", nestedJobPath+"/reprioritize", (*API).reprioritizeJob, access.JobReprioritize),
	on("jobs.unblock_org", "PUT", jobPath+"/unblock", (*API).unblockJob, access.JobUnblock),
	on("jobs.unblock", "PUT", nestedJobPath+"/unblock", (*API).unblockJob, access.JobUnblock),
	on("jobs.log_org", "GET", jobPath+"/log", (*API).getLog, access.LogView).ending(".txt", ".html"),
	on("jobs.log", "GET", nestedJobPath+"/log", (*API).getLog, access.LogView).ending(".txt", ".html"),
	on("jobs.log_head_org", "HEAD", jobPath+"/log", (*API).headLog, access.LogView),
	on("jobs.log_head", "HEAD", nestedJobPath+"/log", (*API).headLog, access.LogView),
	on("jobs.log_delete_org", "DELETE", jobPath+"/log", (*API).deleteLog, access.LogDelete),
	on("jobs.log_delete", "DELETE", nestedJobPath+"/log", (*API).deleteLog, access.LogDelete),
	on("jobs.env_org", "GET", jobPath+"/env", (*API).getJobEnv, access.JobEnvView).ending(".txt"),
	on("jobs.env", "GET", nestedJobPath+"/env", (*API).getJobEnv, access.JobEnvView).ending(".txt"),

	on("jobs.vnc_session", "POST", jobPath+"/vnc-session", (*API).openSession, access.JobSession),
	on("jobs.ssh_session", "POST", jobPath+"/ssh-session", (*API).openSession, access.JobSession),

	on("annotations.list", "GET", buildPath+"/annotations", (*API).listAnnotations, access.AnnotationView),
	on("annotations.create", "POST", buildPath+"/annotations", (*API).createAnnotation, access.AnnotationChange),
	on("annotations.delete", "DELETE", buildPath+"/annotations/{annotation}", (*API).deleteAnnotation, access.AnnotationChange),
	on("annotations.list_job_org", "GET", jobPath+"/annotations", (*API).listAnnotations, access.AnnotationView),
	on("annotations.create_job_org", "POST", jobPath+"/annotations", (*API).createAnnotation, access.AnnotationChange),
	on("annotations.delete_job_org", "DELETE", jobPath+"/annotations/{annotation}", (*API).deleteAnnotation, access.AnnotationChange),
	on("annotations.list_job", "GET", nestedJobPath+"/annotations", (*API).listAnnotations, access.AnnotationView),
	on("annotations.create_job", "POST", nestedJobPath+"/annotations", (*API).createAnnotation, access.AnnotationChange),
	on("annotations.delete_job", "DELETE", nestedJobPath+"/annotations/{annotation}", (*API).deleteAnnotation, access.AnnotationChange),

	on("artifacts.list", "GET", buildPath+"/artifacts", (*API).listArtifacts, access.ArtifactView),
	on("artifacts.list_job_org", "GET", jobPath+"/artifacts", (*API).listArtifacts, access.ArtifactView),
	on("artifacts.list_job", "GET", nestedJobPath+"/artifacts", (*API).listArtifacts, access.ArtifactView),
	on("artifacts.get_org", "GET", jobPath+"/artifacts/{artifact}", (*API).getArtifact, access.ArtifactView),
	on("artifacts.get", "GET", nestedJobPath+"/artifacts/{artifact}", (*API).getArtifact, access.ArtifactView),
	on("artifacts.download_org", "GET", jobPath+"/artifacts/{artifact}/download", (*API).downloadArtifact, access.ArtifactView),
	on("artifacts.download", "GET", nestedJobPath+"/artifacts/{artifact}/download", (*API).downloadArtifact, access.ArtifactView),
	on("artifacts.download_build", "GET", buildPath+"/artifacts/{artifact}/download", (*API).downloadArtifact, access.ArtifactView),
	on("artifacts.delete_org", "DELETE", jobPath+"/artifacts/{artifact}", (*API).deleteArtifact, access.ArtifactDelete),
	on("artifacts.delete", "DELETE", nestedJobPath+"/artifacts/{artifact}", (*API).deleteArtifact, access.ArtifactDelete),

	on("agents.list", "GET", organizationPath+"/agents", (*API).listAgents, access.AgentView),
	on("agents.get", "GET", agentPath, (*API).getAgent, access.AgentView),
	on("agents.create", "POST", organizationPath+"/agents", (*API).createAgent, access.AgentCreate),
	on("agents.delete", "DELETE", agentPath, (*API).deleteAgent, access.AgentStop),
	on("agents.stop", "PUT", agentPath+"/stop", (*API).stopAgent, access.AgentStop),
	on("agents.pause", "PUT", agentPath+"/pause", (*API).pauseAgent, access.AgentPause),
	on("agents.resume", "PUT", agentPath+"/resume", (*API).resumeAgent, access.AgentResume),

	on("clusters.list", "GET", clustersPath, (*API).listClusters, access.ClusterView),
	on("clusters.get", "GET", clusterPath, (*API).getCluster, access.ClusterView),
	on("clusters.create", "POST", clustersPath, (*API).createCluster, access.ClusterChange),
	on("clusters.update", "PUT", clusterPath, (*API).updateCluster, access.ClusterChange),
	on("clusters.patch", "PATCH", clusterPath, (*API).updateCluster, access.ClusterChange),
	on("clusters.delete", "DELETE", clusterPath, (*API).deleteCluster, access.ClusterChange),

	on("clusters.maintainers.list", "GET", clusterPath+"/maintainers", (*API).listMaintainers, access.ClusterView),
	on("clusters.maintainers.get", "GET", clusterPath+"/maintainers/{maintainer}", (*API).getMaintainer, access.ClusterView),
	on("clusters.maintainers.create", "POST", clusterPath+"/maintainers", (*API).createMaintainer, access.ClusterChange),
	on("clusters.maintainers.delete", "DELETE", clusterPath+"/maintainers/{maintainer}", (*API).deleteMaintainer, access.ClusterChange),

	on("clusters.queues.list", "GET", clusterPath+"/queues", (*API).listQueues, access.QueueView),
	on("clusters.queues.get", "GET", queuePath, (*API).getQueue, access.QueueView),
	on("clusters.queues.create", "POST", clusterPath+"/queues", (*API).createQueue, access.QueueChange),
	on("clusters.queues.update", "PUT", queuePath, (*API).updateQueue, access.QueueChange),
	on("clusters.queues.patch", "PATCH", queuePath, (*API).updateQueue, access.QueueChange),
	on("clusters.queues.delete", "DELETE", queuePath, (*API).deleteQueue, access.QueueChange),
	on("clusters.queues.pause_dispatch", "POST", queuePath+"/pause_dispatch", (*API).pauseQueue, access.QueueChange),
	on("clusters.queues.resume_dispatch", "POST", queuePath+"/resume_dispatch", (*API).resumeQueue, access.QueueChange),

	on("clusters.tokens.list", "GET", clusterPath+"/tokens", (*API).listClusterTokens, access.ClusterTokenView),
	on("clusters.tokens.get", "GET", clusterTokenPath, (*API).getClusterToken, access.ClusterTokenView),
	on("clusters.tokens.create", "POST", clusterPath+"/tokens", (*API).createClusterToken, access.ClusterTokenChange),
	on("clusters.tokens.update", "PUT", clusterTokenPath, (*API).updateClusterToken, access.ClusterTokenChange),
	on("clusters.tokens.patch", "PATCH", clusterTokenPath, (*API).updateClusterToken, access.ClusterTokenChange),
	on("clusters.tokens.delete", "DELETE", clusterTokenPath, (*API).deleteClusterToken, access.ClusterTokenChange),

	on("clusters.agent_images.list", "GET", imagesPath, (*API).listHosted, access.ClusterView),
	on("clusters.agent_images.get", "GET", imagesPath+"/{image}", (*API).getAgentImage, access.ClusterView),
	on("clusters.agent_images.create", "POST", imagesPath, (*API).createAgentImage, access.ClusterChange),
	on("clusters.agent_images.delete", "DELETE", imagesPath+"/{image}", (*API).deleteAgentImage, access.ClusterChange),
	on("clusters.network_ranges.list", "GET", clusterPath+"/network_ranges", (*API).listHosted, access.ClusterView),
	on("clusters.cache_volumes.list", "GET", clusterPath+"/cache_volumes", (*API).listHosted, access.ClusterView),
	on("clusters.cache_volumes.delete", "DELETE", clusterPath+"/cache_volumes", (*API).deleteCacheVolume, access.ClusterChange),
}

// linked is what the bodies of the API link to besides: pictures and descriptions, for whoever has their address.
var linked = []route{
	on("badge", "GET", "/badge/{file}", (*API).getBadge).withoutToken(),
	on("openapi", "GET", "/openapi.json", (*API).getDescription).withoutToken(),
	on("openapi_yaml", "GET", "/openapi.yaml", (*API).getDescriptionYAML).withoutToken(),
	on("emoji", "GET", "/emojis/{file}", (*API).getEmoji).withoutToken(),
}
