package compat

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

func tellAgents(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	process := startAgent(t, s, "the-agent", "--tags", "os=linux,gpu=none", "--priority", "3")
	var a buildkite.Agent
	eventually(t, "agent to be listed", func() bool {
		list, _, err := c.Agents.List(ctx, organization, &buildkite.AgentListOptions{Name: "the-agent"})
		must(t, err)
		if len(list) == 1 {
			a = list[0]
		}
		return len(list) == 1
	})
	if a.ConnectedState != "connected" || !slices.Contains(a.Metadata, "os=linux") || a.Priority == nil || *a.Priority != 3 || a.Version != "3.138.1" {
		t.Errorf("agent %+v", a)
	}
	none, _, err := c.Agents.List(ctx, organization, &buildkite.AgentListOptions{Version: "1.0"})
	must(t, err)
	if len(none) != 0 {
		t.Errorf("%d agents of another version", len(none))
	}
	_, err = c.Agents.Pause(ctx, organization, a.ID, &buildkite.AgentPauseOptions{Note: "lunch", TimeoutInMinutes: 5})
	must(t, err)
	paused, _, err := c.Agents.Get(ctx, organization, a.ID)
	must(t, err)
	if paused.Paused == nil || !*paused.Paused || paused.PausedNote == nil || *paused.PausedNote != "lunch" {
		t.Errorf("paused agent %+v", paused)
	}
	_, err = c.Agents.Pause(ctx, organization, a.ID, nil)
	wantStatus(t, err, http.StatusUnprocessableEntity, "Agent is already paused")
	p := s.pipeline("Agents", repository(t, map[string]string{"a": "b"}), "steps:\n  - command: echo one\n")
	b := s.build(p.Slug, buildkite.CreateBuild{})
	_, err = c.Agents.Resume(ctx, organization, a.ID)
	must(t, err)
	s.waitForState(p.Slug, b.Number, "passed")
	_, err = c.Agents.Stop(ctx, organization, a.ID, false)
	must(t, err)
	<-process.exited
	eventually(t, "agent to be gone", func() bool {
		gone, _, err := c.Agents.Get(ctx, organization, a.ID)
		must(t, err)
		return gone.ConnectedState == "stopped" || gone.ConnectedState == "disconnected"
	})
	_, err = c.Agents.Stop(ctx, organization, a.ID, false)
	wantStatus(t, err, http.StatusBadRequest, "Can only stop connected agents")
}

// tellOldAgentCalls uses what the client still has of the time when agents were made and deleted by it.
func tellOldAgentCalls(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	_, _, err := c.Agents.Create(ctx, organization, buildkite.Agent{Name: "made"})
	wantStatus(t, err, http.StatusGone, "start buildkite-agent with an agent token")

	p := s.pipeline("Deleted", repository(t, map[string]string{"a": "b"}), "steps:\n  - command: 'echo started; sleep 600'\n")
	b := s.build(p.Slug, buildkite.CreateBuild{})
	process := startAgent(t, s, "deleted")
	b = s.waitFor(p.Slug, b.Number, "job to run", func(b buildkite.Build) bool {
		return b.State == "running" && strings.Contains(s.log(p.Slug, b.Number, b.Jobs[0].ID), "started")
	})
	holder, _, err := c.Agents.Get(ctx, organization, b.Jobs[0].Agent.ID)
	must(t, err)
	if holder.Job == nil || holder.Job.ID != b.Jobs[0].ID || holder.Name != "deleted" {
		t.Errorf("agent %+v", holder)
	}
	_, err = s.clientWith(readToken).Agents.Delete(ctx, organization, holder.ID)
	wantStatus(t, err, http.StatusForbidden, "write_agents")
	_, err = c.Agents.Delete(ctx, organization, holder.ID)
	must(t, err)
	<-process.exited
	b = s.waitFor(p.Slug, b.Number, "build to end", func(b buildkite.Build) bool { return b.FinishedAt != nil })
	if b.State == "passed" {
		t.Error("the build of a deleted agent passed")
	}
	_, err = c.Agents.Delete(ctx, organization, holder.ID)
	wantStatus(t, err, http.StatusBadRequest, "Can only stop connected agents")
	_, err = c.Agents.Delete(ctx, organization, b.ID)
	wantStatus(t, err, http.StatusNotFound, "No agent found")
}
