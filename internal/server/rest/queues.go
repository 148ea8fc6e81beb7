package rest

import (
	"encoding/json"
	"net/http"

	"github.com/bridle-ci/bridle/internal/service/agents"
)

func (c *call) queue(v agents.QueueView) queueObject {
	return c.objects().queue(v.Queue, v.CreatedBy, v.PausedBy)
}

func (a *API) listQueues(c *call) error {
	p, rows := c.page()
	views, total, err := a.Agents.Queues(c.r.Context(), c.actor, c.r.PathValue("cluster"), rows)
	if err != nil {
		return err
	}
	return list(c, p, total, each(views, c.queue))
}

func (a *API) getQueue(c *call) error {
	v, err := a.Agents.Queue(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("queue"))
	if err != nil {
		return err
	}
	return c.ok(c.queue(v))
}

func (a *API) createQueue(c *call) error {
	var in struct {
		Key                string          `json:"key"`
		Description        *string         `json:"description"`
		RetryAgentAffinity string          `json:"retry_agent_affinity"`
		HostedAgents       json.RawMessage `json:"hostedAgents"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	v, err := a.Agents.CreateQueue(c.r.Context(), c.actor, c.r.PathValue("cluster"), agents.QueueInput{
		Key:                in.Key,
		Description:        in.Description,
		RetryAgentAffinity: in.RetryAgentAffinity,
		Hosted:             asksForHosted(in.HostedAgents),
	})
	if err != nil {
		return err
	}
	return c.json(http.StatusCreated, c.queue(v))
}

func (a *API) updateQueue(c *call) error {
	var in struct {
		Description        optional[string] `json:"description"`
		RetryAgentAffinity optional[string] `json:"retry_agent_affinity"`
		HostedAgents       json.RawMessage  `json:"hostedAgents"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	v, err := a.Agents.UpdateQueue(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("queue"), agents.QueueChanges{
		Description:        in.Description.Field,
		RetryAgentAffinity: in.RetryAgentAffinity.Field,
		Hosted:             asksForHosted(in.HostedAgents),
	})
	if err != nil {
		return err
	}
	return c.ok(c.queue(v))
}

// asksForHosted reports whether a body has hosted agents in it.
func asksForHosted(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

func (a *API) deleteQueue(c *call) error {
	if err := a.Agents.DeleteQueue(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("queue")); err != nil {
		return err
	}
	return c.noContent()
}

func (a *API) pauseQueue(c *call) error {
	var in struct {
		// The contract has the note under two names.
		DispatchPausedNote *string `json:"dispatch_paused_note"`
		Note               *string `json:"note"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	note := in.DispatchPausedNote
	if note == nil {
		note = in.Note
	}
	v, err := a.Agents.PauseQueue(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("queue"), note)
	if err != nil {
		return err
	}
	return c.ok(c.queue(v))
}

func (a *API) resumeQueue(c *call) error {
	v, err := a.Agents.ResumeQueue(c.r.Context(), c.actor, c.r.PathValue("cluster"), c.r.PathValue("queue"))
	if err != nil {
		return err
	}
	return c.ok(c.queue(v))
}
