-- +goose Up

-- For jobs that waited too long for an agent: few of the scheduled ones are ever that old.
CREATE INDEX jobs_scheduled_age ON jobs (created_at) WHERE state = 'scheduled';
