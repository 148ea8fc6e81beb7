package rest

import (
	"net/http"

	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/agents"
)

// maintainerBody names a maintainer: one of the two.
type maintainerBody struct {
	User string `json:"user"`
	Team string `json:"team"`
}

func (b maintainerBody) input() agents.MaintainerInput {
	return agents.MaintainerInput{UserID: b.User, TeamID: b.Team}
}

// listMaintainers pages through a list that the service gives as a whole, because it is short.
func (a *API) listMaintainers(c *call) error {
	all, err := a.Agents.Maintainers(c.r.Context(), c.actor, c.r.PathValue("cluster"))
	if err != nil {
		return err
	}
	p := wire.ParsePage(c.query.Values)
	from := min(p.Offset(), len(all))
	to := min(from+p.PerPage, len(all))
	return list(c, p, len(all), each(all[from:to], c.objects().maintainer))
}

func (a *API) getMaintainer(c *call) error {
	m, err := a.Agents.Maintainer(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("maintainer"))
	if err != nil {
		return err
	}
	return c.ok(c.objects().maintainer(m))
}

func (a *API) createMaintainer(c *call) error {
	var in maintainerBody
	if err := c.body(&in); err != nil {
		return err
	}
	m, err := a.Agents.AddMaintainer(c.r.Context(), c.actor, c.r.PathValue("cluster"), in.input())
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, c.objects().maintainer(m))
}

func (a *API) deleteMaintainer(c *call) error {
	err := a.Agents.RemoveMaintainer(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("maintainer"))
	if err != nil {
		return err
	}
	return c.noContent()
}
