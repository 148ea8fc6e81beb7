package rest

import (
	"slices"

	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// jobFilterStates are the states a list of jobs can be narrowed to (docs/contract/pipelines.md, section 4.2).
var jobFilterStates = []string{
	"pending", "waiting", "waiting_failed", "blocked", "blocked_failed", "unblocked", "unblocked_failed", "scheduled",
	"assigned", "accepted", "running", "passed", "failed", "timed_out", "timing_out", "canceled", "canceling", "skipped",
	"broken", "expired", "limited",
}

func (a *API) listJobs(c *call) error {
	filter, err := c.jobFilter()
	if err != nil {
		return err
	}
	page, err := a.Builds.Jobs(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("build"), filter)
	if err != nil {
		return err
	}
	with, err := a.Builds.ExpandJobs(c.r.Context(), c.actor, page.Jobs)
	if err != nil {
		return err
	}
	objects := c.objects().jobsOf(page.Place, with)
	items := make([]any, len(page.Jobs))
	for i := range page.Jobs {
		items[i] = objects.job(&page.Jobs[i])
	}
	return c.cursorList(items, page.HasNext, page.HasPrev, func(i int) string { return page.Jobs[i].ID })
}

// jobFilter reads the parameters of a list of jobs. It refuses what lists with page numbers would overlook.
func (c *call) jobFilter() (f builds.JobFilter, err error) {
	if f.States, err = c.query.list("state"); err != nil {
		return f, err
	}
	for _, state := range f.States {
		if !slices.Contains(jobFilterStates, state) {
			return f, malformed("Invalid state: %s. Valid states are %s.", state, sentence(jobFilterStates))
		}
	}
	for name, value := range map[string]*string{
		"step_key": &f.StepKey, "group_key": &f.GroupKey,
	} {
		if *value, err = c.query.text(name); err != nil {
			return f, err
		}
	}
	f.IncludeRetried = c.query.bool("include_retried_jobs", true)
	if f.After, f.Before, err = c.cursors(); err != nil {
		return f, err
	}
	f.Limit, err = c.perPage()
	return f, err
}

func (a *API) getJob(c *call) error {
	j, place, with, err := a.Builds.ShowJob(c.r.Context(), c.actor, c.jobRef())
	if err != nil {
		return err
	}
	return c.ok(c.objects().jobsOf(place, with).job(&j))
}

// jobRef names the job of the path, in the organization's form or within a build.
func (c *call) jobRef() builds.JobRef {
	return builds.JobRef{
		JobID:        c.r.PathValue("job"),
		PipelineSlug: c.r.PathValue("pipeline"),
		BuildRef:     c.r.PathValue("build"),
	}
}

// showJob answers with a job that a use case returned.
func (a *API) showJob(c *call, j store.Job, place store.Place) error {
	with, err := a.Builds.ExpandJobs(c.r.Context(), c.looking(), []store.Job{j})
	if err != nil {
		return err
	}
	return c.ok(c.objects().jobsOf(place, with).job(&j))
}
