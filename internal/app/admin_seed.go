package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/app/seed"
	"github.com/bridle-ci/bridle/internal/store"
)

// Seed writes a history of builds that never ran into an organization, for measuring. progress hears how many are written.
func (a *Admin) Seed(ctx context.Context, organizationSlug string, o seed.Options, progress func(written int)) error {
	organization, err := store.OrganizationBySlug(ctx, a.store.Read(), organizationSlug)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no organization %q: name it with --organization", organizationSlug)
	}
	if err != nil {
		return fmt.Errorf("find organization: %w", err)
	}
	return seed.Run(ctx, a.store, organization, o, progress)
}
