-- +goose Up

-- Anybody who has a badge's address may ask for it.
CREATE UNIQUE INDEX pipelines_badge ON pipelines (badge_token);
