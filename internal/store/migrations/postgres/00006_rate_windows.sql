-- +goose Up

-- What was spent within the current window, by the name of a budget and whose it is. Nothing is lost that matters when a
-- crash empties it.
CREATE UNLOGGED TABLE rate_windows (
    name     text PRIMARY KEY,
    began_at bigint NOT NULL,
    spent    bigint NOT NULL
);
