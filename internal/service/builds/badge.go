package builds

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/badge"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxBadgeText bounds the characters of what a badge can be narrowed by.
const maxBadgeText = 1024

// BadgeFilter narrows what a badge is about; empty fields do not.
type BadgeFilter struct {
	// Branch is that of the builds.
	Branch string
	// Step is the label or the key of steps of the last build.
	Step string
}

// Badge returns the status of the pipeline with the token of a badge, which is all one needs to see it. NotFound is an
// unknown token.
func (s *Service) Badge(ctx context.Context, token string, f BadgeFilter) (badge.Status, error) {
	if text.Problem(token, maxBadgeText) != "" || text.Problem(f.Branch, maxBadgeText) != "" || text.Problem(f.Step, maxBadgeText) != "" {
		return badge.Unknown, fault.Missing("badge")
	}
	q := s.Store.Read()
	p, err := store.PipelineByBadge(ctx, q, token)
	if errors.Is(err, store.ErrNotFound) {
		return badge.Unknown, fault.Missing("badge")
	}
	if err != nil {
		return badge.Unknown, fmt.Errorf("find pipeline of a badge: %w", err)
	}
	filter := store.BuildFilter{OrganizationID: p.OrganizationID, PipelineID: p.ID, States: badge.Settled}
	if f.Branch != "" {
		filter.Branches = []string{f.Branch}
	}
	last, err := store.ListBuilds(ctx, q, filter, store.Page{Limit: 1})
	if err != nil {
		return badge.Unknown, fmt.Errorf("find last build of a badge: %w", err)
	}
	switch {
	case len(last) == 0:
		return badge.Unknown, nil
	case f.Step == "":
		return badge.OfBuild(last[0].State, last[0].BlockedState), nil
	}
	steps, err := store.StepsOf(ctx, q, last[0].ID)
	if err != nil {
		return badge.Unknown, fmt.Errorf("find steps of a badge: %w", err)
	}
	return badge.OfStep(steps, f.Step), nil
}
