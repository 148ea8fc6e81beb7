package rest

import (
	"net/http"

	"github.com/bridle-ci/bridle/internal/service/agents"
)

// agentTokenBody is an agent token as asked for.
type agentTokenBody struct {
	Description        string  `json:"description"`
	ExpiresAt          string  `json:"expires_at"`
	AllowedIPAddresses *string `json:"allowed_ip_addresses"`
}

func (b agentTokenBody) input() (agents.TokenInput, error) {
	expiresAt, err := optionalTime(b.ExpiresAt)
	return agents.TokenInput{
		Description:        b.Description,
		AllowedIPAddresses: b.AllowedIPAddresses,
		ExpiresAt:          expiresAt,
	}, err
}

// createdToken answers with a new agent token, the only time with its secret.
func (c *call) createdToken(v agents.TokenView, secret string) error {
	out := c.clusterToken(v)
	out.Token = secret
	return c.json(http.StatusCreated, out)
}

// listAgentTokens lists the tokens of all clusters, for clients that know no clusters.
func (a *API) listAgentTokens(c *call) error {
	p, rows := c.page()
	views, total, err := a.Agents.AllTokens(c.r.Context(), c.actor, rows)
	if err != nil {
		return err
	}
	return list(c, p, total, each(views, c.clusterToken))
}

func (a *API) createAgentToken(c *call) error {
	var in struct {
		agentTokenBody
		ClusterID string `json:"cluster_id"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	token, err := in.input()
	if err != nil {
		return err
	}
	v, secret, err := a.Agents.CreateTokenAnywhere(c.r.Context(), c.actor, in.ClusterID, token)
	if err != nil {
		return err
	}
	return c.createdToken(v, secret)
}
