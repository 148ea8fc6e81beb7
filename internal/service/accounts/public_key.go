package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxAssertionLength bounds the bytes of a signed assertion; one of the largest key and a few claims has about a thousand.
const maxAssertionLength = 8 << 10

// assertionAlgorithms are what assertions may be signed with (docs/contract/platform.md, section 3.2).
var assertionAlgorithms = []jose.SignatureAlgorithm{jose.RS256}

// errAssertion is an assertion that is no good, whatever the reason: clients are told the same of all tokens.
var errAssertion = errors.New("assertion refused")

// keyPrefix begins the names of public-key tokens in the cache; no hash has it.
const keyPrefix = "id:"

// grantName is what a token's grant is cached under.
func grantName(t store.APIToken) string {
	if t.PublicKey != "" {
		return keyPrefix + t.ID
	}
	return t.TokenHash
}

// isAssertion reports whether a bearer token is an assertion that the holder of a public-key token signed: the two dots
// are what tells it from a secret (contracts/rest/README.md, Authentication).
func isAssertion(token string) bool { return strings.Count(token, ".") == 2 }

// assertedGrant returns the grant of the public-key token whose holder signed an assertion.
func (s *Service) assertedGrant(ctx context.Context, assertion string) (grant, error) {
	if len(assertion) > maxAssertionLength {
		return grant{}, errAssertion
	}
	signed, err := jwt.ParseSigned(assertion, assertionAlgorithms)
	if err != nil {
		return grant{}, errAssertion
	}
	// Whose key is to be tried stands in what it signs; nothing else is believed before the key was.
	var unproven jwt.Claims
	if err := signed.UnsafeClaimsWithoutVerification(&unproven); err != nil {
		return grant{}, errAssertion
	}
	id, ok := ids.ParseUUID(unproven.Issuer)
	if !ok {
		return grant{}, errAssertion
	}
	g, err := s.grant(ctx, keyPrefix+id, func(ctx context.Context) (store.Grant, error) {
		return store.GrantByID(ctx, s.store.Read(), id)
	})
	if err != nil {
		return grant{}, err
	}
	if g.key == nil {
		return grant{}, errAssertion
	}
	var claims jwt.Claims
	if err := signed.Claims(g.key, &claims); err != nil {
		return grant{}, errAssertion
	}
	asserted := access.Claims{
		Issuer:    strings.ToLower(claims.Issuer),
		IssuedAt:  timeOf(claims.IssuedAt),
		ExpiresAt: timeOf(claims.Expiry),
		NotBefore: timeOf(claims.NotBefore),
	}
	if err := asserted.Check(id, s.now()); err != nil {
		s.log.DebugContext(ctx, "assertion refused", "token", id, "reason", err)
		return grant{}, errAssertion
	}
	return g, nil
}

func timeOf(date *jwt.NumericDate) *time.Time {
	if date == nil {
		return nil
	}
	t := date.Time()
	return &t
}

// readKey parses the key of a grant whose token has one. What is stored has been read before.
func (g *grant) readKey() error {
	if g.Token.PublicKey == "" {
		return nil
	}
	var err error
	if g.key, err = access.ParsePublicKey(g.Token.PublicKey); err != nil {
		return fmt.Errorf("public key of access token %s: %w", g.Token.ID, err)
	}
	return nil
}
