package builds

import (
	"context"
	"errors"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// JobEnv returns the variables that a command job runs with, without those of the agent while it has none.
func (s *Service) JobEnv(ctx context.Context, actor access.Actor, ref JobRef) (map[string]string, error) {
	job, _, err := s.Job(ctx, actor, ref, access.JobEnvView)
	if err != nil {
		return nil, err
	}
	if job.Type != build.Script {
		return nil, fault.Missing("job")
	}
	q := s.Store.Read()
	b, err := store.GetBuild(ctx, q, job.BuildID)
	if err != nil {
		return nil, missing(err, "build")
	}
	step, err := store.GetStep(ctx, q, b.ID, job.StepID)
	if err != nil {
		return nil, missing(err, "job")
	}
	var agent store.Agent
	if job.AgentID != "" {
		agent, err = store.GetAgent(ctx, q, job.AgentID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return s.jobEnvironment(ctx, q, nil, b, job, *step, agent)
}
