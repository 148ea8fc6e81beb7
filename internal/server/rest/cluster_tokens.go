package rest

import (
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/agents"
)

func (c *call) clusterToken(v agents.TokenView) clusterTokenObject {
	return c.objects().clusterToken(v.ClusterToken, v.CreatedBy)
}

func (a *API) listClusterTokens(c *call) error {
	p, rows := c.page()
	views, total, err := a.Agents.Tokens(c.r.Context(), c.actor, c.r.PathValue("cluster"), rows)
	if err != nil {
		return err
	}
	return list(c, p, total, each(views, c.clusterToken))
}

func (a *API) getClusterToken(c *call) error {
	v, err := a.Agents.TokenByID(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("token"))
	if err != nil {
		return err
	}
	return c.ok(c.clusterToken(v))
}

func (a *API) createClusterToken(c *call) error {
	var in agentTokenBody
	if err := c.body(&in); err != nil {
		return err
	}
	token, err := in.input()
	if err != nil {
		return err
	}
	v, secret, err := a.Agents.CreateToken(c.r.Context(), c.actor, c.r.PathValue("cluster"), token)
	if err != nil {
		return err
	}
	return c.createdToken(v, secret)
}

// optionalTime reads a time of a body; blank is none.
func optionalTime(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	t, ok := wire.ParseTime(text)
	if !ok {
		return nil, fault.Reason("Expires at must be a time such as 2026-01-31T09:30:00Z")
	}
	return &t, nil
}

// updateClusterToken changes a token. Its expiry cannot be changed, so that key is ignored.
func (a *API) updateClusterToken(c *call) error {
	var in struct {
		Description        optional[string] `json:"description"`
		AllowedIPAddresses optional[string] `json:"allowed_ip_addresses"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	v, err := a.Agents.UpdateToken(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("token"), agents.TokenChanges{
		Description:        in.Description.Field,
		AllowedIPAddresses: in.AllowedIPAddresses.Field,
	})
	if err != nil {
		return err
	}
	return c.ok(c.clusterToken(v))
}

func (a *API) deleteClusterToken(c *call) error {
	if err := a.Agents.DeleteToken(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("token")); err != nil {
		return err
	}
	return c.noContent()
}
