-- +goose Up

-- A token is known by the hash of its secret, or by the public half of a key whose owner signs each request.
ALTER TABLE api_tokens ALTER COLUMN token_hash DROP NOT NULL;
ALTER TABLE api_tokens ADD COLUMN public_key text;
ALTER TABLE api_tokens ADD CHECK ((token_hash IS NULL) <> (public_key IS NULL));
