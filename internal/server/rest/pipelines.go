package rest

import (
	"net/http"

	"github.com/bridle-ci/bridle/internal/service/pipelines"
)

func (c *call) pipeline(v pipelines.View) *pipelineObject {
	return c.objects().pipeline(c.actor, v.Pipeline, v.Counts, v.CreatedBy)
}

func (a *API) listPipelines(c *call) error {
	var (
		filter pipelines.Filter
		err    error
	)
	if filter.Name, err = c.query.text("name"); err != nil {
		return err
	}
	if filter.Repository, err = c.query.text("repository"); err != nil {
		return err
	}
	p, rows := c.page()
	views, total, err := a.Pipelines.List(c.r.Context(), c.actor, filter, rows)
	if err != nil {
		return err
	}
	return list(c, p, total, each(views, c.pipeline))
}

func (a *API) getPipeline(c *call) error {
	v, err := a.Pipelines.Get(c.r.Context(), c.actor, c.r.PathValue("pipeline"))
	if err != nil {
		return err
	}
	return c.ok(c.pipeline(v))
}

func (a *API) deletePipeline(c *call) error {
	if err := a.Pipelines.Delete(c.r.Context(), c.actor, c.r.PathValue("pipeline")); err != nil {
		return err
	}
	return c.noContent()
}

func (a *API) archivePipeline(c *call) error {
	v, err := a.Pipelines.Archive(c.r.Context(), c.actor, c.r.PathValue("pipeline"))
	if err != nil {
		return err
	}
	return c.ok(c.pipeline(v))
}

func (a *API) unarchivePipeline(c *call) error {
	v, err := a.Pipelines.Unarchive(c.r.Context(), c.actor, c.r.PathValue("pipeline"))
	if err != nil {
		return err
	}
	return c.ok(c.pipeline(v))
}

func (a *API) addPipelineWebhook(c *call) error {
	if err := a.Pipelines.AddWebhook(c.r.Context(), c.actor, c.r.PathValue("pipeline")); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusCreated)
	return nil
}
