package rest

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// jobFilterStates are the states a list of jobs can be narrowed to (docs/contract/pipelines.md, section 4.2).
var jobFilterStates = []string{
	"pending", "waiting", "waiting_failed", "blocked", "blocked_failed", "unblocked", "unblocked_failed", "scheduled",
	"assigned", "accepted", "running", "passed", "failed", "timed_out", "timing_out", "canceled", "canceling", "skipped",
	"broken", "expired", "limited",
}

// cursorPage is the object `cursor_page`.
type cursorPage struct {
	Items []any       `json:"items"`
	Links cursorLinks `json:"links"`
}

// cursorLinks is the object `cursor_links`.
type cursorLinks struct {
	Self string `json:"self"`
	Next string `json:"next,omitempty"`
	Prev string `json:"prev,omitempty"`
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
	with, err := a.Builds.ExpandJobs(c.r.Context(), c.actor, page.Build, page.Jobs)
	if err != nil {
		return err
	}
	objects := c.objects().jobsOf(&page.Build, with)
	body := cursorPage{Items: []any{}, Links: cursorLinks{Self: c.cursorURL("", "")}}
	for i := range page.Jobs {
		body.Items = append(body.Items, objects.job(&page.Jobs[i]))
	}
	if n := len(page.Jobs); n > 0 {
		if page.HasNext {
			body.Links.Next = c.cursorURL("after", page.Jobs[n-1].ID)
		}
		if page.HasPrev {
			body.Links.Prev = c.cursorURL("before", page.Jobs[0].ID)
		}
	}
	wire.SetLinks(c.w.Header(), body.Links.Next, body.Links.Prev)
	return c.ok(body)
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
		"step_key": &f.StepKey, "group_key": &f.GroupKey, "after": &f.After, "before": &f.Before,
	} {
		if *value, err = c.query.text(name); err != nil {
			return f, err
		}
	}
	f.IncludeRetried = c.query.bool("include_retried_jobs", true)
	if f.After != "" && f.Before != "" {
		return f, malformed("The parameters after and before cannot be used together")
	}
	for name, cursor := range map[string]string{"after": f.After, "before": f.Before} {
		if _, ok := ids.ParseUUID(cursor); cursor != "" && !ok {
			return f, malformed("The parameter %s is no cursor of this list", name)
		}
	}
	f.Limit, err = c.perPage()
	return f, err
}

// perPage reads the page size of a list with cursors.
func (c *call) perPage() (int, error) {
	text := c.query.Get("per_page")
	if text == "" {
		return wire.DefaultPerPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > wire.MaxPerPage {
		return 0, malformed("The parameter per_page must be a number from 1 to %d", wire.MaxPerPage)
	}
	return n, nil
}

// cursorURL is the address of this list at another cursor; with no parameter it is this very page. Clients rebuild their
// filters from it, so it repeats them all.
func (c *call) cursorURL(parameter, cursor string) string {
	q := url.Values{}
	for name, values := range c.query.Values {
		q[name] = values
	}
	if parameter != "" {
		q.Del("after")
		q.Del("before")
		q.Set(parameter, cursor)
	}
	address := c.api.urls.base + c.r.URL.EscapedPath()
	if len(q) == 0 {
		return address
	}
	return address + "?" + q.Encode()
}

func (a *API) getJob(c *call) error {
	j, b, err := a.Builds.Job(c.r.Context(), c.actor, c.jobRef(), access.JobView)
	if err != nil {
		return err
	}
	return a.showJob(c, j, b)
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
func (a *API) showJob(c *call, j store.Job, b store.Build) error {
	with, err := a.Builds.ExpandJobs(c.r.Context(), c.looking(), b, []store.Job{j})
	if err != nil {
		return err
	}
	return c.ok(c.objects().jobsOf(&b, with).job(&j))
}
