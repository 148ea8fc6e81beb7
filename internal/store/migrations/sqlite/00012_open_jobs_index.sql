-- +goose Up

-- The unfinished jobs of a pipeline are counted for every object of it: the index holds all that this looks at.
DROP INDEX jobs_pipeline_open;
CREATE INDEX jobs_pipeline_open ON jobs (pipeline_id, type, state) WHERE state IN ('scheduled', 'limited', 'limiting', 'reserved', 'assigned', 'accepted', 'running', 'canceling', 'timing_out', 'waiting', 'blocked');
