package store

import (
	"context"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// APIToken is a user's token for one organization. The secret itself is not kept.
type APIToken struct {
	ID             string
	OrganizationID string
	UserID         string
	Description    string
	// TokenHash is of the secret; a token with a public key has none.
	TokenHash string
	// PublicKey is in PEM form; the token's holder signs each request with its other half. Empty is a token with a secret.
	PublicKey string
	Scopes    []access.Scope
	// AllowedIPAddresses are space-separated addresses and networks; nil allows all.
	AllowedIPAddresses *string
	CreatedAt          time.Time
	ExpiresAt          *time.Time
	RevokedAt          *time.Time
	LastUsedAt         *time.Time
	LastUsedIP         *string
}

// Grant is a token with what its owner is in its organization: all that a request's identity is made of.
type Grant struct {
	Token            APIToken
	OrganizationSlug string
	Role             access.Role
}

const apiTokenColumns = `id, organization_id, user_id, description, token_hash, scopes, allowed_ip_addresses, created_at,
	expires_at, revoked_at, last_used_at, last_used_ip, public_key`

// apiTokenRow scans the columns of a token, which others may follow.
type apiTokenRow struct {
	token                     APIToken
	hash, publicKey           *string
	scopes                    string
	created                   int64
	expires, revoked, lastUse *int64
}

func (r *apiTokenRow) dest() []any {
	t := &r.token
	return []any{
		&t.ID, &t.OrganizationID, &t.UserID, &t.Description, &r.hash, &r.scopes, &t.AllowedIPAddresses, &r.created,
		&r.expires, &r.revoked, &r.lastUse, &t.LastUsedIP, &r.publicKey,
	}
}

func (r *apiTokenRow) value() APIToken {
	t := r.token
	if r.hash != nil {
		t.TokenHash = *r.hash
	}
	if r.publicKey != nil {
		t.PublicKey = *r.publicKey
	}
	// A scope that a later version wrote and this one does not know is kept: nothing asks for it.
	for _, s := range strings.Split(r.scopes, ",") {
		if s != "" {
			t.Scopes = append(t.Scopes, access.Scope(s))
		}
	}
	t.CreatedAt, t.ExpiresAt = fromMicros(r.created), fromMicrosPtr(r.expires)
	t.RevokedAt, t.LastUsedAt = fromMicrosPtr(r.revoked), fromMicrosPtr(r.lastUse)
	return t
}

func scanAPIToken(row scanner) (APIToken, error) {
	var r apiTokenRow
	if err := row.Scan(r.dest()...); err != nil {
		return APIToken{}, err
	}
	return r.value(), nil
}

func scanGrant(row scanner) (Grant, error) {
	var (
		r apiTokenRow
		g Grant
	)
	if err := row.Scan(append(r.dest(), &g.OrganizationSlug, &g.Role)...); err != nil {
		return Grant{}, err
	}
	g.Token = r.value()
	return g, nil
}

// InsertAPIToken adds a token. A known secret is a unique violation on "api_tokens(token_hash)".
func InsertAPIToken(ctx context.Context, q sqldb.Queryer, t APIToken) error {
	_, err := q.Exec(ctx, "INSERT INTO api_tokens ("+apiTokenColumns+") VALUES ("+placeholders(13)+")",
		t.ID, t.OrganizationID, t.UserID, t.Description, setOrNil(t.TokenHash), access.JoinScopes(t.Scopes), t.AllowedIPAddresses,
		micros(t.CreatedAt), microsPtr(t.ExpiresAt), microsPtr(t.RevokedAt), microsPtr(t.LastUsedAt), t.LastUsedIP,
		setOrNil(t.PublicKey))
	return err
}

// GetAPIToken returns a token.
func GetAPIToken(ctx context.Context, q sqldb.Queryer, id string) (APIToken, error) {
	return one(ctx, q, scanAPIToken, "SELECT "+apiTokenColumns+" FROM api_tokens WHERE id = $1", id)
}

// setOrNil is NULL for an empty text.
func setOrNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// GrantByHash returns the token with the hash of a secret and its owner's place in its organization. It is ErrNotFound
// when the owner is no member any more.
func GrantByHash(ctx context.Context, q sqldb.Queryer, hash string) (Grant, error) {
	return one(ctx, q, scanGrant, selectGrant()+" WHERE t.token_hash = $1", hash)
}

// GrantByID is GrantByHash for the token with an id.
func GrantByID(ctx context.Context, q sqldb.Queryer, id string) (Grant, error) {
	return one(ctx, q, scanGrant, selectGrant()+" WHERE t.id = $1", id)
}

func selectGrant() string {
	return "SELECT " + columns("t", apiTokenColumns) + `, o.slug, m.role FROM api_tokens t
		JOIN organizations o ON o.id = t.organization_id
		JOIN memberships m ON m.organization_id = t.organization_id AND m.user_id = t.user_id`
}

// RevokeAPIToken ends a token for good; one that was revoked before keeps its time.
func RevokeAPIToken(ctx context.Context, q sqldb.Queryer, id string, at time.Time) error {
	_, err := q.Exec(ctx, "UPDATE api_tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", id, micros(at))
	return err
}

// TouchAPIToken records the last use of a token. An older use than the recorded one changes nothing.
func TouchAPIToken(ctx context.Context, q sqldb.Queryer, id string, at time.Time, ip string) error {
	_, err := q.Exec(ctx, `UPDATE api_tokens SET last_used_at = $2, last_used_ip = $3
		WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)`, id, micros(at), ip)
	return err
}
