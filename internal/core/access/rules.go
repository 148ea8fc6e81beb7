package access

// Action is something a use case does for somebody.
type Action string

// The actions of the use cases so far.
const (
	TokenView   Action = "token.view"
	TokenRevoke Action = "token.revoke"
	UserView    Action = "user.view"

	OrganizationView Action = "organization.view"

	PipelineView    Action = "pipeline.view"
	PipelineCreate  Action = "pipeline.create"
	PipelineUpdate  Action = "pipeline.update"
	PipelineDelete  Action = "pipeline.delete"
	PipelineArchive Action = "pipeline.archive"
	// PipelineMove puts a pipeline into a cluster, other than the default one, or takes it out.
	PipelineMove Action = "pipeline.move"
	// PipelineWebhooksView and PipelineWebhooksChange are whether a source host's hooks make builds.
	PipelineWebhooksView   Action = "pipeline.webhooks.view"
	PipelineWebhooksChange Action = "pipeline.webhooks.change"

	ScheduleView   Action = "schedule.view"
	ScheduleChange Action = "schedule.change"

	BuildView    Action = "build.view"
	BuildCreate  Action = "build.create"
	BuildCancel  Action = "build.cancel"
	BuildRebuild Action = "build.rebuild"

	JobView         Action = "job.view"
	JobRetry        Action = "job.retry"
	JobUnblock      Action = "job.unblock"
	JobReprioritize Action = "job.reprioritize"
	JobSession      Action = "job.session"
	JobEnvView      Action = "job.env.view"
	LogView         Action = "log.view"
	LogDelete       Action = "log.delete"

	ArtifactView     Action = "artifact.view"
	ArtifactDelete   Action = "artifact.delete"
	AnnotationView   Action = "annotation.view"
	AnnotationChange Action = "annotation.change"

	AgentView   Action = "agent.view"
	AgentCreate Action = "agent.create"
	AgentStop   Action = "agent.stop"
	AgentPause  Action = "agent.pause"
	AgentResume Action = "agent.resume"

	ClusterView        Action = "cluster.view"
	ClusterChange      Action = "cluster.change"
	QueueView          Action = "queue.view"
	QueueChange        Action = "queue.change"
	ClusterTokenView   Action = "cluster_token.view"
	ClusterTokenChange Action = "cluster_token.change"
	// AgentTokenView and AgentTokenChange are the same tokens in a form that knows no clusters.
	AgentTokenView   Action = "agent_token.view"
	AgentTokenChange Action = "agent_token.change"
)

// rule is what an action needs: all scopes, and perhaps the admin role (docs/contract/platform.md, sections 2.1 to 2.3;
// while an organization has no teams, members reach every pipeline).
type rule struct {
	scopes []Scope
	// instead is a scope that does as well as all of them.
	instead   Scope
	adminOnly bool
	// maintainers of the cluster it happens in may do it too.
	maintainers bool
}

// or is the rule with a scope that does as well.
func (r rule) or(s Scope) rule {
	r.instead = s
	return r
}

func member(scopes ...Scope) rule { return rule{scopes: scopes} }
func maintainer(scopes ...Scope) rule {
	return rule{scopes: scopes, adminOnly: true, maintainers: true}
}

var rules = map[Action]rule{
	TokenView:   member(),
	TokenRevoke: member(),
	UserView:    member(ReadUser),

	OrganizationView: member(ReadOrganizations),

	PipelineView:    member(ReadPipelines),
	PipelineCreate:  member(WritePipelines),
	PipelineUpdate:  member(WritePipelines),
	PipelineDelete:  member(WritePipelines),
	PipelineArchive: member(WritePipelines),
	PipelineMove:    maintainer(WritePipelines),

	PipelineWebhooksView:   member(ReadPipelines),
	PipelineWebhooksChange: member(WritePipelines),

	ScheduleView:   member(ReadPipelines),
	ScheduleChange: member(WritePipelines),

	BuildView:    member(ReadBuilds),
	BuildCreate:  member(WriteBuilds),
	BuildCancel:  member(WriteBuilds),
	BuildRebuild: member(WriteBuilds),

	JobView:         member(ReadBuilds),
	JobRetry:        member(WriteBuilds),
	JobUnblock:      member(WriteBuilds),
	JobReprioritize: member(WriteBuilds),
	JobSession:      maintainer(WriteBuilds),
	JobEnvView:      member(ReadJobEnv),
	LogView:         member(ReadBuildLogs),
	LogDelete:       member(WriteBuildLogs),

	ArtifactView:     member(ReadArtifacts),
	ArtifactDelete:   member(WriteArtifacts),
	AnnotationView:   member(ReadBuilds),
	AnnotationChange: member(WriteBuilds),

	AgentView:   member(ReadAgents),
	AgentCreate: member(WriteAgents), // which only tells how agents come to be
	AgentStop:   maintainer(WriteAgents),
	AgentPause:  maintainer(WriteAgents),
	AgentResume: maintainer(WriteAgents),

	ClusterView:        member(ReadClusters),
	ClusterChange:      maintainer(WriteClusters),
	QueueView:          member(ReadClusters),
	QueueChange:        maintainer(WriteClusters),
	ClusterTokenView:   maintainer(ReadClusters),
	ClusterTokenChange: maintainer(WriteClusters),
	AgentTokenView:     maintainer(ReadAgents).or(ReadClusters),
	AgentTokenChange:   maintainer(WriteAgents).or(WriteClusters),
}

// Actions lists every action, for tests that walk them all.
func Actions() []Action {
	list := make([]Action, 0, len(rules))
	for a := range rules {
		list = append(list, a)
	}
	return list
}
