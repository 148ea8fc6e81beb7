-- +goose Up

-- A token is known by the hash of its secret, or by the public half of a key whose owner signs each request. SQLite
-- cannot take NOT NULL away from a column, so the table is made anew.
CREATE TABLE api_tokens_anew (
    id                   text PRIMARY KEY,
    organization_id      text NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id              text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    description          text NOT NULL,
    token_hash           text UNIQUE,
    scopes               text NOT NULL,
    allowed_ip_addresses text,
    created_at           integer NOT NULL,
    expires_at           integer,
    revoked_at           integer,
    last_used_at         integer,
    last_used_ip         text,
    public_key           text,
    CHECK ((token_hash IS NULL) <> (public_key IS NULL))
);
INSERT INTO api_tokens_anew (id, organization_id, user_id, description, token_hash, scopes, allowed_ip_addresses,
    created_at, expires_at, revoked_at, last_used_at, last_used_ip)
SELECT id, organization_id, user_id, description, token_hash, scopes, allowed_ip_addresses, created_at, expires_at,
    revoked_at, last_used_at, last_used_ip FROM api_tokens;
DROP TABLE api_tokens;
ALTER TABLE api_tokens_anew RENAME TO api_tokens;
CREATE INDEX api_tokens_user ON api_tokens (user_id);
