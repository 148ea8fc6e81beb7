package rest

import (
	"strings"

	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func (s *story) tellAgents() {
	agent := storetest.Agent(s.t, s.st, s.Queue)
	s.call("agents.pause", `{"note": "look", "timeout_in_minutes": 9}`, "agent", agent.ID)
	s.call("agents.list", "")
	s.call("agents.get", "", "agent", agent.ID)
	s.call("agents.resume", "", "agent", agent.ID)
	s.call("agents.stop", "", "agent", agent.ID)
	s.call("agents.delete", "", "agent", storetest.Agent(s.t, s.st, s.Queue).ID)
}

func (s *story) tellClusters() {
	type created struct {
		ID    string `json:"id"`
		Token string `json:"token"`
	}
	cluster := decode[created](s.t, s.call("clusters.create", `{"name": "Linux", "description": "d", "emoji": ":linux:",
		"color": "#112233", "maintainers": [{"user": "`+s.Member.ID+`"}]}`)).ID
	maintainer := decode[created](s.t, s.call("clusters.maintainers.create", `{"user": "`+s.Admin.ID+`"}`, "cluster", cluster)).ID
	s.call("clusters.maintainers.list", "", "cluster", cluster)
	s.call("clusters.maintainers.get", "", "cluster", cluster, "maintainer", maintainer)
	s.call("clusters.maintainers.delete", "", "cluster", cluster, "maintainer", maintainer)

	queue := decode[created](s.t, s.call("clusters.queues.create", `{"key": "big"}`, "cluster", cluster)).ID
	in := []string{"cluster", cluster, "queue", queue}
	s.call("clusters.queues.update", `{"description": "Big ones"}`, in...)
	s.call("clusters.queues.patch", `{"retry_agent_affinity": "prefer-different"}`, in...)
	s.call("clusters.queues.pause_dispatch", `{"dispatch_paused_note": "look"}`, in...)
	s.call("clusters.queues.get", "", in...)
	s.call("clusters.queues.resume_dispatch", "", in...)
	s.call("clusters.queues.list", "", "cluster", cluster)

	token := decode[created](s.t, s.call("clusters.tokens.create", `{"description": "t", "expires_at": "2099-01-01T00:00:00Z",
		"allowed_ip_addresses": "192.0.2.0/24"}`, "cluster", cluster))
	if token.Token == "" {
		s.t.Error("no secret in the answer to the creation of a cluster token")
	}
	in = []string{"cluster", cluster, "token", token.ID}
	s.call("clusters.tokens.update", `{"description": "u"}`, in...)
	s.call("clusters.tokens.patch", `{"allowed_ip_addresses": null}`, in...)
	s.call("clusters.tokens.get", "", in...)
	if body := s.call("clusters.tokens.list", "", "cluster", cluster); strings.Contains(string(body), token.Token) {
		s.t.Error("the secret of a cluster token is shown again")
	}
	s.call("clusters.tokens.delete", "", in...)
	s.call("organizations.agent_tokens.create", `{"description": "t", "cluster_id": "`+cluster+`"}`)
	s.call("organizations.agent_tokens.list", "")
	for _, id := range []string{"agent_images.list", "network_ranges.list", "cache_volumes.list"} {
		s.call("clusters."+id, "", "cluster", cluster)
	}

	s.call("clusters.update", `{"default_queue_id": "`+queue+`"}`, "cluster", cluster)
	s.call("clusters.patch", `{"default_queue_id": null}`, "cluster", cluster)
	s.call("clusters.get", "", "cluster", cluster)
	s.call("clusters.list", "")
	s.call("clusters.queues.delete", "", "cluster", cluster, "queue", queue)
	s.call("clusters.delete", "", "cluster", cluster)
}
