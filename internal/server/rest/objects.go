package rest

import (
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
)

// objects turns rows into the objects of contracts/rest/objects.json, for one organization. The structs of bodies have
// their keys in the contract's order.
type objects struct {
	urls  urls
	org   string
	steps *stepsCache
}

func (c *call) objects() objects {
	return objects{urls: c.api.urls, org: c.actor.OrganizationSlug, steps: &c.api.steps}
}

// The types in GraphQL ids.
const (
	organizationType = "Organization"
	userType         = "User"
	pipelineType     = "Pipeline"
	scheduleType     = "PipelineSchedule"
	buildType        = "Build"
	jobType          = "Job"
	uploadType       = "PipelineUpload"
	agentType        = "Agent"
	clusterType      = "Cluster"
	queueType        = "ClusterQueue"
	clusterTokenType = "ClusterToken"
)

// orNull turns the empty string, which rows hold for what is not set, into null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// userIn returns the object of a user that rows name by id, null when there is none.
func (o objects) userIn(users map[string]store.User, id *string) *userObject {
	if id == nil {
		return nil
	}
	u, ok := users[*id]
	if !ok {
		return nil
	}
	return o.user(&u)
}

func global(typeName, id string) string { return ids.Global(typeName, id) }
