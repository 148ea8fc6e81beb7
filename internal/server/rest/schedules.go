package rest

import (
	"net/http"

	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/schedules"
)

// scheduleObject is the object `pipeline_schedule`.
type scheduleObject struct {
	ID            string            `json:"id"`
	GraphQLID     string            `json:"graphql_id"`
	URL           string            `json:"url"`
	Label         *string           `json:"label"`
	Cronline      string            `json:"cronline"`
	Message       *string           `json:"message"`
	Commit        string            `json:"commit"`
	Branch        string            `json:"branch"`
	Env           map[string]string `json:"env"`
	Enabled       bool              `json:"enabled"`
	NextBuildAt   *wire.Time        `json:"next_build_at"`
	FailedMessage *string           `json:"failed_message"`
	FailedAt      *wire.Time        `json:"failed_at"`
	CreatedAt     wire.Time         `json:"created_at"`
	CreatedBy     *userObject       `json:"created_by"`
	Pipeline      pipelineRef       `json:"pipeline"`
}

// pipelineRef is the object `pipeline_ref`.
type pipelineRef struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
	URL  string `json:"url"`
}

func (o objects) schedule(v schedules.View) scheduleObject {
	pipeline := o.urls.pipeline(o.org, v.Pipeline.Slug)
	return scheduleObject{
		ID:            v.ID,
		GraphQLID:     global(scheduleType, v.ID),
		URL:           pipeline + "/schedules/" + v.ID,
		Label:         v.Label,
		Cronline:      v.Cronline,
		Message:       v.Message,
		Commit:        v.Commit,
		Branch:        v.BuildBranch(),
		Env:           notNil(v.Env),
		Enabled:       v.Enabled,
		NextBuildAt:   wire.TimePtr(v.NextBuildAt),
		FailedMessage: v.FailedMessage,
		FailedAt:      wire.TimePtr(v.FailedAt),
		CreatedAt:     wire.Time(v.CreatedAt),
		CreatedBy:     o.user(v.CreatedBy),
		Pipeline:      pipelineRef{ID: v.Pipeline.ID, Slug: v.Pipeline.Slug, URL: pipeline},
	}
}

// scheduleBody is the body of pipelines.schedules.create and of its updates.
type scheduleBody struct {
	Cronline optional[string]    `json:"cronline"`
	Label    optional[string]    `json:"label"`
	Message  optional[string]    `json:"message"`
	Commit   optional[string]    `json:"commit"`
	Branch   optional[string]    `json:"branch"`
	Env      optional[stringMap] `json:"env"`
	Enabled  optional[bool]      `json:"enabled"`
}

func (b scheduleBody) changes() schedules.Changes {
	return schedules.Changes{
		Cronline: b.Cronline.Field,
		Label:    b.Label.Field,
		Message:  b.Message.Field,
		Commit:   b.Commit.Field,
		Branch:   b.Branch.Field,
		Env:      envField(b.Env),
		Enabled:  b.Enabled.Field,
	}
}

// envField converts variables that may be absent or null.
func envField(env optional[stringMap]) patch.Field[map[string]string] {
	if env.Value == nil {
		return patch.Field[map[string]string]{Set: env.Set}
	}
	return patch.To(env.Value.strings())
}

func (a *API) listSchedules(c *call) error {
	p, rows := c.page()
	views, total, err := a.Schedules.List(c.r.Context(), c.actor, c.r.PathValue("pipeline"), rows)
	if err != nil {
		return err
	}
	return list(c, p, total, each(views, c.objects().schedule))
}

func (a *API) getSchedule(c *call) error {
	v, err := a.Schedules.Get(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("schedule"))
	if err != nil {
		return err
	}
	return c.ok(c.objects().schedule(v))
}

func (a *API) createSchedule(c *call) error {
	var in scheduleBody
	if err := c.body(&in); err != nil {
		return err
	}
	v, err := a.Schedules.Create(c.r.Context(), c.actor, c.r.PathValue("pipeline"), in.changes())
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, c.objects().schedule(v))
}

func (a *API) updateSchedule(c *call) error {
	var in scheduleBody
	if err := c.body(&in); err != nil {
		return err
	}
	v, err := a.Schedules.Update(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("schedule"), in.changes())
	if err != nil {
		return err
	}
	return c.ok(c.objects().schedule(v))
}

func (a *API) deleteSchedule(c *call) error {
	if err := a.Schedules.Delete(c.r.Context(), c.actor, c.r.PathValue("pipeline"), c.r.PathValue("schedule")); err != nil {
		return err
	}
	return c.noContent()
}
