package accounts

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// maxDescription bounds the characters of a token's description.
const maxDescription = 255

// NewToken is an API token as asked for.
type NewToken struct {
	OrganizationSlug string
	UserEmail        string
	Description      string
	Scopes           []access.Scope
	// ExpiresAt is nil for a token that does not expire.
	ExpiresAt *time.Time
	// AllowedIPAddresses is a list as access.ParseAddresses reads it; nil allows all.
	AllowedIPAddresses *string
	// PublicKey in PEM form makes a token without a secret: its holder signs each request. It never expires.
	PublicKey string
}

// CreateToken makes a token for a member of an organization and returns it with its secret, which is kept nowhere; one
// with a public key has no secret. It asks nobody for permission: it is for whoever runs the installation. Errors: NotFound for the organization and the
// member, Invalid for the rest.
func (s *Service) CreateToken(ctx context.Context, in NewToken) (store.APIToken, string, error) {
	if err := in.check(s.now()); err != nil {
		return store.APIToken{}, "", err
	}
	var (
		t            store.APIToken
		secret, hash string
	)
	if in.PublicKey == "" {
		secret = randomToken(ids.APITokenPrefix)
		hash = ids.HashToken(secret)
	}
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		o, err := store.OrganizationBySlug(ctx, tx, in.OrganizationSlug)
		if err != nil {
			return missing(err, "organization")
		}
		u, err := store.UserByEmail(ctx, tx, in.UserEmail)
		if err != nil {
			return missing(err, "user")
		}
		if _, err := store.GetMembership(ctx, tx, o.ID, u.ID); err != nil {
			return missing(err, "user")
		}
		t = store.APIToken{
			ID: store.NewID(), OrganizationID: o.ID, UserID: u.ID, Description: in.Description,
			TokenHash: hash, PublicKey: in.PublicKey, Scopes: in.Scopes, AllowedIPAddresses: in.AllowedIPAddresses,
			CreatedAt: tx.Now(), ExpiresAt: in.ExpiresAt,
		}
		return store.InsertAPIToken(ctx, tx, t)
	})
	if err != nil {
		return store.APIToken{}, "", fmt.Errorf("create access token: %w", err)
	}
	return t, secret, nil
}

func (in *NewToken) check(now time.Time) error {
	if problem := text.RequiredProblem(in.Description, maxDescription); problem != "" {
		return fault.Reason("Description %s", problem)
	}
	if in.ExpiresAt != nil && !in.ExpiresAt.After(now) {
		return fault.Reason("Expires at must be in the future")
	}
	if in.PublicKey != "" {
		if in.ExpiresAt != nil {
			return fault.Reason("Expires at cannot be set for a token with a public key, which does not expire")
		}
		if _, err := access.ParsePublicKey(in.PublicKey); err != nil {
			return fault.Reason("Public key %s", err)
		}
	}
	if in.AllowedIPAddresses == nil {
		return nil
	}
	list := strings.Join(strings.Fields(*in.AllowedIPAddresses), " ")
	if _, err := access.ParseAddresses(list); err != nil {
		return fault.Reason("Allowed IP addresses: %s", err)
	}
	in.AllowedIPAddresses = nil
	if list != "" {
		in.AllowedIPAddresses = &list
	}
	return nil
}

// randomToken makes a secret that nobody can guess.
func randomToken(prefix string) string {
	var random [ids.TokenBytes]byte
	rand.Read(random[:]) // never fails
	return ids.Token(prefix, random)
}
