package rest

import (
	"net/http"

	"github.com/bridle-ci/bridle/internal/service/agents"
)

func (c *call) cluster(v agents.ClusterView) clusterObject {
	o := c.objects()
	return o.cluster(v.Cluster, each(v.Maintainers, o.maintainer), v.CreatedBy)
}

func (a *API) listClusters(c *call) error {
	p, rows := c.page()
	views, total, err := a.Agents.Clusters(c.r.Context(), c.actor, rows)
	if err != nil {
		return err
	}
	return list(c, p, total, each(views, c.cluster))
}

func (a *API) getCluster(c *call) error {
	v, err := a.Agents.Cluster(c.r.Context(), c.actor, c.r.PathValue("cluster"))
	if err != nil {
		return err
	}
	return c.ok(c.cluster(v))
}

func (a *API) createCluster(c *call) error {
	var in struct {
		Name        string           `json:"name"`
		Description *string          `json:"description"`
		Emoji       *string          `json:"emoji"`
		Color       *string          `json:"color"`
		Maintainers []maintainerBody `json:"maintainers"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	v, err := a.Agents.CreateCluster(c.r.Context(), c.actor, agents.ClusterInput{
		Name:        in.Name,
		Description: in.Description,
		Emoji:       in.Emoji,
		Color:       in.Color,
		Maintainers: each(in.Maintainers, maintainerBody.input),
	})
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, c.cluster(v))
}

func (a *API) updateCluster(c *call) error {
	var in struct {
		Name           optional[string] `json:"name"`
		Description    optional[string] `json:"description"`
		Emoji          optional[string] `json:"emoji"`
		Color          optional[string] `json:"color"`
		DefaultQueueID optional[string] `json:"default_queue_id"`
		// Clusters without hosted agents refuse these, whatever their value.
		HostedGitMirrorEnabled      optional[bool] `json:"hosted_git_mirror_enabled"`
		HostedContainerCacheEnabled optional[bool] `json:"hosted_container_cache_enabled"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	v, err := a.Agents.UpdateCluster(c.r.Context(), c.actor, c.r.PathValue("cluster"), agents.ClusterChanges{
		Name:           in.Name.Field,
		Description:    in.Description.Field,
		Emoji:          in.Emoji.Field,
		Color:          in.Color.Field,
		DefaultQueueID: in.DefaultQueueID.Field,
		HostedCache:    in.HostedGitMirrorEnabled.Value != nil || in.HostedContainerCacheEnabled.Value != nil,
	})
	if err != nil {
		return err
	}
	return c.ok(c.cluster(v))
}

func (a *API) deleteCluster(c *call) error {
	if err := a.Agents.DeleteCluster(c.r.Context(), c.actor, c.r.PathValue("cluster")); err != nil {
		return err
	}
	return c.noContent()
}
