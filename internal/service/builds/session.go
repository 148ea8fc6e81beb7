package builds

import (
	"context"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
)

// OpenSession would open a remote session with the agent of a job. Only hosted agents have such, and an installation hosts
// none, so that every job is answered with Invalid, and one that is not there with NotFound.
func (s *Service) OpenSession(ctx context.Context, actor access.Actor, jobID string) error {
	if _, _, err := s.Job(ctx, actor, JobRef{JobID: jobID}, access.JobSession); err != nil {
		return err
	}
	return fault.New(fault.Invalid, "Remote sessions are for jobs on hosted agents, and this installation hosts none: log in on the machine of the agent")
}
