package agentapi

import (
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store"
)

// The actions of a ping's answer (docs/contract/agent-api.md, section 6).
const (
	actionIdle       = "idle"
	actionPause      = "pause"
	actionDisconnect = "disconnect"
)

const stoppedMessage = "This agent has been told to stop"

type pinged struct {
	Action  string     `json:"action,omitempty"`
	Message string     `json:"message,omitempty"`
	Job     *pingedJob `json:"job,omitempty"`
}

type pingedJob struct {
	ID string `json:"id"`
}

func (a *API) ping(c *call) error {
	switch agents.DirectiveFor(c.agent) {
	case agents.Disconnect:
		return c.ok(pinged{Action: actionDisconnect, Message: stoppedMessage})
	case agents.Pause:
		return c.ok(pinged{Action: actionPause, Message: pausedMessage(c.agent)})
	case agents.Idle:
		return c.ok(pinged{Action: actionIdle})
	}
	jobID, err := a.Jobs.Offer(c.r.Context(), c.agent)
	if err != nil {
		return err
	}
	if jobID == "" {
		return c.ok(pinged{Action: actionIdle})
	}
	return c.ok(pinged{Job: &pingedJob{ID: jobID}})
}

// pausedMessage is why an agent is paused, for its log.
func pausedMessage(a store.Agent) string {
	if a.PausedNote == nil || *a.PausedNote == "" {
		return "This agent is paused"
	}
	return "This agent is paused: " + *a.PausedNote
}
