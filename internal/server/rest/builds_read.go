package rest

import (
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxBuildsDeep is how deep lists of builds go: links lead no further.
const maxBuildsDeep = 10_000

// listBuilds lists the builds of a pipeline, of an organization, or of every organization the token was granted, which
// is one.
func (a *API) listBuilds(c *call) error {
	filter, err := c.buildFilter()
	if err != nil {
		return err
	}
	p, rows := c.page()
	items, total, err := a.Builds.List(c.r.Context(), c.actor, c.r.PathValue("pipeline"), filter, rows)
	if err != nil {
		return err
	}
	out, err := a.showBuilds(c, items, c.buildParts())
	if err != nil {
		return err
	}
	return list(c, p, min(total, maxBuildsDeep), out)
}

func (a *API) getBuild(c *call) error {
	parts := c.buildParts()
	parts.counts = true
	parts.testEngine = c.query.bool("include_test_engine", false)
	var err error
	if parts.jobStates, err = c.query.list("job_states"); err != nil {
		return err
	}
	b, with, err := a.Builds.Show(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("build"), parts.expand())
	if err != nil {
		return err
	}
	return c.ok(c.buildObjects(with).shown(&b, parts))
}

// buildFilter reads the filters of lists of builds (contracts/rest/README.md, Filters and order).
func (c *call) buildFilter() (f store.BuildFilter, err error) {
	for name, values := range map[string]*[]string{"branch": &f.Branches, "commit": &f.Commits, "state": &f.States} {
		if *values, err = c.query.list(name); err != nil {
			return f, err
		}
	}
	if f.CreatorID, err = c.query.text("creator"); err != nil {
		return f, err
	}
	if f.CreatedFrom, err = c.query.time("created_from"); err != nil {
		return f, err
	}
	if f.CreatedTo, err = c.query.time("created_to"); err != nil {
		return f, err
	}
	if f.FinishedFrom, err = c.query.time("finished_from"); err != nil {
		return f, err
	}
	if f.MetaData, err = c.query.keyed("meta_data"); err != nil {
		return f, err
	}
	f.ExcludePaused = !c.query.bool("include_paused", true)
	return f, nil
}

// buildParts is what builds are shown with.
type buildParts struct {
	jobs, pipeline, retriedJobs bool
	// hidePaused leaves out jobs on paused queues.
	hidePaused bool
	jobStates  []string
	counts     bool
	testEngine bool
}

func (c *call) buildParts() buildParts {
	return buildParts{
		jobs:        !c.query.bool("exclude_jobs", false),
		pipeline:    !c.query.bool("exclude_pipeline", false),
		retriedJobs: c.query.bool("include_retried_jobs", false),
		hidePaused:  !c.query.bool("include_paused", true),
	}
}

// expand is what a service reads for the parts.
func (parts buildParts) expand() builds.Expand {
	return builds.Expand{
		Jobs:        parts.jobs || parts.counts,
		RetriedJobs: parts.retriedJobs,
		JobStates:   parts.jobStates,
		Pipelines:   parts.pipeline,
	}
}

// showBuilds returns the objects of builds that a use case returned.
func (a *API) showBuilds(c *call, items []store.Build, parts buildParts) ([]*buildObject, error) {
	with, err := a.Builds.Expand(c.r.Context(), c.looking(), items, parts.expand())
	if err != nil {
		return nil, err
	}
	objects := c.buildObjects(with)
	out := make([]*buildObject, len(items))
	for i := range items {
		out[i] = objects.shown(&items[i], parts)
	}
	return out, nil
}

// shown returns a build's object with its parts.
func (bs buildObjects) shown(b *store.Build, parts buildParts) *buildObject {
	out := bs.build(b)
	if parts.jobs {
		bs.withJobs(out, b, parts.hidePaused)
	}
	if parts.pipeline {
		bs.withPipeline(out, b.PipelineID)
	}
	if parts.counts {
		bs.withCounts(out, b.ID)
	}
	if parts.testEngine {
		out.TestEngine = &testEngine{Runs: []any{}}
	}
	return out
}
