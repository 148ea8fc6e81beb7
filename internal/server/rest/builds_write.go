package rest

import (
	"net/http"
	"strings"

	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// newBuildBody is the body of builds.create. Clients send every key, blank where they mean nothing.
type newBuildBody struct {
	Commit  string `json:"commit"`
	Branch  string `json:"branch"`
	Message string `json:"message"`
	Author  struct {
		Username string `json:"username"`
		Name     string `json:"name"`
		Email    string `json:"email"`
	} `json:"author"`
	CleanCheckout               bool      `json:"clean_checkout"`
	Env                         stringMap `json:"env"`
	IgnorePipelineBranchFilters bool      `json:"ignore_pipeline_branch_filters"`
	MetaData                    stringMap `json:"meta_data"`
	PullRequestBaseBranch       string    `json:"pull_request_base_branch"`
	PullRequestID               scalar    `json:"pull_request_id"`
	PullRequestLabels           []string  `json:"pull_request_labels"`
	PullRequestRepository       string    `json:"pull_request_repository"`
}

func (b newBuildBody) newBuild() builds.NewBuild {
	in := builds.NewBuild{
		Commit:              b.Commit,
		Branch:              b.Branch,
		Message:             b.Message,
		Source:              "api",
		CleanCheckout:       b.CleanCheckout,
		IgnoreBranchFilters: b.IgnorePipelineBranchFilters,
		Env:                 b.Env.strings(),
		MetaData:            b.MetaData.strings(),
	}
	if author := store.Author(b.Author); author != (store.Author{}) {
		in.Author = &author
	}
	// Clients send 0 for no pull request, and scripts the variable of a build that has none.
	if id := string(b.PullRequestID); id != "" && id != "0" && id != "false" {
		in.PullRequest = &store.PullRequest{
			ID:         id,
			Base:       b.PullRequestBaseBranch,
			Repository: b.PullRequestRepository,
			Labels:     b.PullRequestLabels,
		}
	}
	return in
}

func (a *API) createBuild(c *call) error {
	var in newBuildBody
	if err := c.body(&in); err != nil {
		return err
	}
	b, err := a.Builds.Create(c.r.Context(), c.actor, c.r.PathValue("pipeline"), in.newBuild())
	if err != nil {
		return err
	}
	return a.showBuild(c, http.StatusCreated, b)
}

func (a *API) cancelBuild(c *call) error {
	b, err := a.Builds.Cancel(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("build"), "")
	if err != nil {
		return err
	}
	return a.showBuild(c, http.StatusOK, b)
}

func (a *API) rebuildBuild(c *call) error {
	b, err := a.Builds.Rebuild(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("build"))
	if err != nil {
		return err
	}
	return a.showBuild(c, http.StatusOK, b)
}

func (a *API) retryFailedJobs(c *call) error {
	var in struct {
		// States is comma-separated; none is all that can be retried.
		States string `json:"states"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	var states []string
	for state := range strings.SplitSeq(in.States, ",") {
		if state = strings.TrimSpace(state); state != "" {
			states = append(states, state)
		}
	}
	b, count, err := a.Builds.RetryFailed(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("build"), states)
	if err != nil {
		return err
	}
	out, err := a.showBuilds(c, []store.Build{b}, buildParts{jobs: true, pipeline: true})
	if err != nil {
		return err
	}
	out[0].RetriedJobsCount = &count
	return c.json(http.StatusAccepted, out[0])
}

// showBuild answers with a build that a use case made or changed.
func (a *API) showBuild(c *call, status int, b store.Build) error {
	out, err := a.showBuilds(c, []store.Build{b}, buildParts{jobs: true, pipeline: true})
	if err != nil {
		return err
	}
	return c.json(status, out[0])
}
