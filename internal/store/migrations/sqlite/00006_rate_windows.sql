-- +goose Up

-- What was spent within the current window, by the name of a budget and whose it is.
CREATE TABLE rate_windows (
    name     text PRIMARY KEY,
    began_at integer NOT NULL,
    spent    integer NOT NULL
);
