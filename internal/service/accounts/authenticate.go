package accounts

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxTokenLength bounds the bytes of a token that are looked at.
const maxTokenLength = 255

// unauthenticated is the contract's text for every token that is not good, whatever the reason
// (contracts/rest/README.md, Errors).
const unauthenticated = "Authentication required. Please supply a valid API Access Token: https://buildkite.com/docs/apis/rest-api#authentication"

// Authenticate returns whom an API token stands for: its secret, or an assertion signed by the holder of its key. Errors: Unauthenticated for a token that is unknown, revoked,
// expired, or whose owner left the organization; Forbidden for a request from an address that the token does not allow.
//
// A token that another node revoked is good here until its hint arrives, and for cacheTTL at most.
func (s *Service) Authenticate(ctx context.Context, token, remoteIP string) (access.Actor, error) {
	g, err := s.grantOf(ctx, token)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, errAssertion) {
		return access.Actor{}, fault.New(fault.Unauthenticated, unauthenticated)
	}
	if err != nil {
		return access.Actor{}, fmt.Errorf("look up access token: %w", err)
	}
	t := g.Token
	now := s.now()
	if t.RevokedAt != nil || (t.ExpiresAt != nil && !now.Before(*t.ExpiresAt)) {
		return access.Actor{}, fault.New(fault.Unauthenticated, unauthenticated)
	}
	if !access.AllowsAddress(t.AllowedIPAddresses, remoteIP) {
		return access.Actor{}, fault.New(fault.Forbidden, "Your access token may not be used from the IP address %s", remoteIP)
	}
	s.uses.record(t.ID, use{at: now, ip: remoteIP})
	return access.Actor{
		OrganizationID:   t.OrganizationID,
		OrganizationSlug: g.OrganizationSlug,
		UserID:           t.UserID,
		TokenID:          t.ID,
		Role:             g.Role,
		Scopes:           slices.Clone(t.Scopes),
		Maintains:        slices.Clone(g.maintains),
	}, nil
}

// grant is what a token stands for.
type grant struct {
	store.Grant
	// maintains are the clusters in which the person may do more than other members.
	maintains []string
	// key is that of a public-key token.
	key *rsa.PublicKey
}

// grantOf finds what a bearer token stands for. A token that is none is store.ErrNotFound or errAssertion.
func (s *Service) grantOf(ctx context.Context, token string) (grant, error) {
	if isAssertion(token) {
		return s.assertedGrant(ctx, token)
	}
	if token == "" || len(token) > maxTokenLength {
		return grant{}, store.ErrNotFound
	}
	hash := ids.HashToken(token)
	return s.grant(ctx, hash, func(ctx context.Context) (store.Grant, error) {
		return store.GrantByHash(ctx, s.store.Read(), hash)
	})
}

// grant returns the grant that is cached under a name, or else the one that read gives.
func (s *Service) grant(ctx context.Context, name string, read func(context.Context) (store.Grant, error)) (grant, error) {
	g, ticket, cached := s.cache.get(name, s.now())
	if cached {
		return g, nil
	}
	row, err := read(ctx)
	if err != nil {
		return grant{}, err
	}
	g = grant{Grant: row}
	if err := g.readKey(); err != nil {
		return grant{}, err
	}
	if row.Role != access.Admin {
		g.maintains, err = store.MaintainedClusters(ctx, s.store.Read(), row.Token.OrganizationID, row.Token.UserID)
		if err != nil {
			return grant{}, fmt.Errorf("look up maintained clusters: %w", err)
		}
	}
	s.cache.put(name, g, ticket, s.now())
	return g, nil
}
