package accounts

import (
	"context"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Token returns the token the actor speaks with, and its owner. NotFound is an actor without a token.
func (s *Service) Token(ctx context.Context, actor access.Actor) (store.APIToken, store.User, error) {
	if err := access.Check(actor, access.TokenView); err != nil {
		return store.APIToken{}, store.User{}, err
	}
	if actor.TokenID == "" {
		return store.APIToken{}, store.User{}, fault.Missing("access token")
	}
	t, err := store.GetAPIToken(ctx, s.store.Read(), actor.TokenID)
	if err != nil {
		return store.APIToken{}, store.User{}, missing(err, "access token")
	}
	u, err := store.GetUser(ctx, s.store.Read(), t.UserID)
	return t, u, missing(err, "user")
}

// RevokeToken ends the token the actor speaks with. On this node it is refused from now on, on others as soon as they hear
// of it.
func (s *Service) RevokeToken(ctx context.Context, actor access.Actor) error {
	if err := access.Check(actor, access.TokenRevoke); err != nil {
		return err
	}
	if actor.TokenID == "" {
		return fault.Missing("access token")
	}
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		t, err := store.GetAPIToken(ctx, tx, actor.TokenID)
		if err != nil {
			return missing(err, "access token")
		}
		tx.AfterCommit(func() {
			s.cache.drop(grantName(t))
			if s.bus != nil {
				s.bus.Publish(grantsTopic, "")
			}
		})
		return store.RevokeAPIToken(ctx, tx, t.ID, tx.Now())
	})
	if err != nil {
		return fmt.Errorf("revoke access token: %w", err)
	}
	return nil
}

// User returns the person the actor is.
func (s *Service) User(ctx context.Context, actor access.Actor) (store.User, error) {
	if err := access.Check(actor, access.UserView); err != nil {
		return store.User{}, err
	}
	if actor.UserID == "" {
		return store.User{}, fault.Missing("user")
	}
	u, err := store.GetUser(ctx, s.store.Read(), actor.UserID)
	return u, missing(err, "user")
}

// Organizations returns a page of the organizations the actor may see, which is the one of its token, and their number.
func (s *Service) Organizations(ctx context.Context, actor access.Actor, page store.Page) ([]store.Organization, int, error) {
	if err := access.Check(actor, access.OrganizationView); err != nil {
		return nil, 0, err
	}
	if page.Offset > 0 || page.Limit < 1 {
		return nil, 1, nil
	}
	o, err := store.GetOrganization(ctx, s.store.Read(), actor.OrganizationID)
	if err != nil {
		return nil, 0, missing(err, "organization")
	}
	return []store.Organization{o}, 1, nil
}

// Organization returns the organization with a slug. NotFound is also one that the actor's token is not for.
func (s *Service) Organization(ctx context.Context, actor access.Actor, slug string) (store.Organization, error) {
	if err := access.Check(actor, access.OrganizationView); err != nil {
		return store.Organization{}, err
	}
	if slug != actor.OrganizationSlug {
		return store.Organization{}, fault.Missing("organization")
	}
	o, err := store.GetOrganization(ctx, s.store.Read(), actor.OrganizationID)
	return o, missing(err, "organization")
}
