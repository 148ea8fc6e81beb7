package builds

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/store"
)

// HeldJobs returns the jobs that agents of the organization hold, where their builds are, by build, and what they are
// shown with.
func (s *Service) HeldJobs(ctx context.Context, actor access.Actor, agentIDs []string) ([]store.Job, map[string]store.Place, Expanded, error) {
	if err := access.Check(actor, access.AgentView); err != nil {
		return nil, nil, Expanded{}, err
	}
	q := s.Store.Read()
	held, err := store.JobsHeldBy(ctx, q, agentIDs)
	if err != nil {
		return nil, nil, Expanded{}, err
	}
	var jobs []store.Job
	var buildIDs []string
	for _, j := range held {
		if j.OrganizationID != actor.OrganizationID {
			continue
		}
		jobs, buildIDs = append(jobs, *j), append(buildIDs, j.BuildID)
	}
	places, err := store.PlacesOf(ctx, q, buildIDs)
	if err != nil {
		return nil, nil, Expanded{}, err
	}
	expanded, err := s.expandJobs(ctx, q, jobs)
	return jobs, places, expanded, err
}
