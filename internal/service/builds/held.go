package builds

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/store"
)

// HeldJobs returns the jobs that agents of the organization hold, each with its build at the same index, and what they
// are shown with.
func (s *Service) HeldJobs(ctx context.Context, actor access.Actor, agentIDs []string) ([]store.Job, []store.Build, Expanded, error) {
	if err := access.Check(actor, access.AgentView); err != nil {
		return nil, nil, Expanded{}, err
	}
	x := gatherer{ctx: ctx, q: s.Store.Read()}
	held, err := store.JobsHeldBy(ctx, x.q, agentIDs)
	if err != nil {
		return nil, nil, Expanded{}, err
	}
	var buildIDs []string
	for _, j := range held {
		buildIDs = append(buildIDs, j.BuildID)
	}
	byID, err := store.GetBuilds(ctx, x.q, buildIDs)
	if err != nil {
		return nil, nil, Expanded{}, err
	}
	var jobs []store.Job
	var builds []store.Build
	for _, j := range held {
		if j.OrganizationID != actor.OrganizationID {
			continue
		}
		jobs, builds = append(jobs, *j), append(builds, byID[j.BuildID])
		x.wantJob(j)
		x.wantBuild(byID[j.BuildID])
	}
	expanded, err := x.gather(false)
	return jobs, builds, expanded, err
}
