package compat

import (
	"net/http"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
	"github.com/google/go-cmp/cmp"
)

func tellClusters(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	cluster, _, err := c.Clusters.Create(ctx, organization, buildkite.ClusterCreate{Name: "Open", Description: "For all", Emoji: ":dog:", Color: "#ff0000"})
	must(t, err)
	list, _, err := c.Clusters.List(ctx, organization, nil)
	must(t, err)
	if len(list) != 2 || cluster.Name != "Open" || cluster.CreatedBy.Email != "dev@bridle.localhost" {
		t.Errorf("clusters %+v", list)
	}
	queue, _, err := c.ClusterQueues.Create(ctx, organization, cluster.ID, buildkite.ClusterQueueCreate{Key: "fast", Description: "Fast ones"})
	must(t, err)
	updated, _, err := c.Clusters.Update(ctx, organization, cluster.ID, buildkite.ClusterUpdate{Name: "Opener", DefaultQueueID: queue.ID})
	must(t, err)
	got, _, err := c.Clusters.Get(ctx, organization, cluster.ID)
	must(t, err)
	if updated.Name != "Opener" || got.DefaultQueueID != queue.ID || got.Description != "For all" {
		t.Errorf("updated %+v, got %+v", updated, got)
	}
	spare, _, err := c.ClusterQueues.Create(ctx, organization, cluster.ID, buildkite.ClusterQueueCreate{Key: "spare"})
	must(t, err)
	_, _, err = c.ClusterQueues.Update(ctx, organization, cluster.ID, spare.ID, buildkite.ClusterQueueUpdate{Description: "Spare", RetryAgentAffinity: buildkite.RetryAgentAffinityPreferDifferent})
	must(t, err)
	paused, _, err := c.ClusterQueues.Pause(ctx, organization, cluster.ID, spare.ID, buildkite.ClusterQueuePause{Note: "later"})
	must(t, err)
	if !paused.DispatchPaused || paused.DispatchPausedNote != "later" || paused.RetryAgentAffinity != buildkite.RetryAgentAffinityPreferDifferent {
		t.Errorf("paused queue %+v", paused)
	}
	_, _, err = c.ClusterQueues.Pause(ctx, organization, cluster.ID, spare.ID, buildkite.ClusterQueuePause{})
	wantStatus(t, err, http.StatusUnprocessableEntity, "Cluster queue is already paused")
	_, err = c.ClusterQueues.Resume(ctx, organization, cluster.ID, spare.ID)
	must(t, err)
	resumed, _, err := c.ClusterQueues.Get(ctx, organization, cluster.ID, spare.ID)
	must(t, err)
	if resumed.DispatchPaused {
		t.Error("the queue is still paused")
	}
	_, err = c.ClusterQueues.Delete(ctx, organization, cluster.ID, spare.ID)
	must(t, err)
	queues, _, err := c.ClusterQueues.List(ctx, organization, cluster.ID, nil)
	must(t, err)
	if len(queues) != 1 {
		t.Errorf("%d queues", len(queues))
	}
	token, _, err := c.ClusterTokens.Create(ctx, organization, cluster.ID, buildkite.ClusterTokenCreateUpdate{Description: "one", AllowedIPAddresses: "127.0.0.1/32"})
	must(t, err)
	if !strings.HasPrefix(token.Token, "bkct_") {
		t.Errorf("token %q", token.Token)
	}
	_, _, err = c.ClusterTokens.Update(ctx, organization, cluster.ID, token.ID, buildkite.ClusterTokenCreateUpdate{Description: "two"})
	must(t, err)
	again, _, err := c.ClusterTokens.Get(ctx, organization, cluster.ID, token.ID)
	must(t, err)
	if again.Token != "" || again.Description != "two" {
		t.Errorf("token shown again: %+v", again)
	}
	tokens, _, err := c.ClusterTokens.List(ctx, organization, cluster.ID, nil)
	must(t, err)
	if len(tokens) != 1 {
		t.Errorf("%d tokens", len(tokens))
	}
	_, err = c.ClusterTokens.Delete(ctx, organization, cluster.ID, token.ID)
	must(t, err)
	other, _, err := c.Clusters.Create(ctx, organization, buildkite.ClusterCreate{Name: "Gone"})
	must(t, err)
	_, err = c.Clusters.Delete(ctx, organization, other.ID)
	must(t, err)
	_, _, err = c.Clusters.Get(ctx, organization, other.ID)
	wantStatus(t, err, http.StatusNotFound, "No cluster found")
}

// tellClusterErrors are the refusals that whoever changes clusters meets.
func tellClusterErrors(t *testing.T, s *server) {
	c, reader, ctx := s.client(), s.clientWith(readToken), t.Context()
	clusters, _, err := c.Clusters.List(ctx, organization, nil)
	must(t, err)
	cluster := clusters[0]
	_, _, err = reader.Clusters.Create(ctx, organization, buildkite.ClusterCreate{Name: "No"})
	wantStatus(t, err, http.StatusForbidden, "write_clusters")
	_, _, err = c.Clusters.Create(ctx, organization, buildkite.ClusterCreate{Name: "Bad", Color: "red"})
	wantStatus(t, err, http.StatusUnprocessableEntity, "Validation failed: Color")
	_, _, err = c.Clusters.Update(ctx, organization, cluster.ID, buildkite.ClusterUpdate{DefaultQueueID: cluster.ID})
	wantStatus(t, err, http.StatusUnprocessableEntity, "Validation failed: ")

	queues, _, err := c.ClusterQueues.List(ctx, organization, cluster.ID, nil)
	must(t, err)
	_, err = c.ClusterQueues.Delete(ctx, organization, cluster.ID, queues[0].ID)
	wantStatus(t, err, http.StatusUnprocessableEntity, "default queue")
	_, err = c.ClusterQueues.Resume(ctx, organization, cluster.ID, queues[0].ID)
	wantStatus(t, err, http.StatusUnprocessableEntity, "Cluster queue is not paused")
	for key, reason := range map[string]string{queues[0].Key: "has already been taken", "not a key": "Key", "": "blank"} {
		_, _, err = c.ClusterQueues.Create(ctx, organization, cluster.ID, buildkite.ClusterQueueCreate{Key: key})
		wantStatus(t, err, http.StatusUnprocessableEntity, reason)
	}
	_, _, err = c.ClusterQueues.Get(ctx, organization, cluster.ID, cluster.ID)
	wantStatus(t, err, http.StatusNotFound, "No cluster queue found")

	_, _, err = reader.ClusterTokens.Create(ctx, organization, cluster.ID, buildkite.ClusterTokenCreateUpdate{Description: "No"})
	wantStatus(t, err, http.StatusForbidden, "write_clusters")
	_, _, err = c.ClusterTokens.Create(ctx, organization, cluster.ID, buildkite.ClusterTokenCreateUpdate{Description: "x", AllowedIPAddresses: "nowhere"})
	wantStatus(t, err, http.StatusUnprocessableEntity, "Validation failed: ")
	_, err = c.ClusterTokens.Delete(ctx, organization, cluster.ID, cluster.ID)
	wantStatus(t, err, http.StatusNotFound, "No cluster token found")
}

func tellMaintainers(t *testing.T, s *server) {
	c, ctx := s.client(), t.Context()
	user, _, err := c.User.CurrentUser(ctx)
	must(t, err)
	cluster, _, err := c.Clusters.Create(ctx, organization, buildkite.ClusterCreate{Name: "Kept", Maintainers: []buildkite.ClusterMaintainer{{UserID: user.ID}}})
	must(t, err)
	if kept := cluster.Maintainers.Users; len(kept) != 1 || kept[0].Actor.ID != user.ID || kept[0].Actor.Type != "user" || len(cluster.Maintainers.Teams) != 0 {
		t.Fatalf("maintainers %+v", cluster.Maintainers)
	}
	first := cluster.Maintainers.Users[0]
	_, err = c.ClusterMaintainers.Delete(ctx, organization, cluster.ID, first.ID)
	must(t, err)
	_, _, err = c.ClusterMaintainers.Get(ctx, organization, cluster.ID, first.ID)
	wantStatus(t, err, http.StatusNotFound, "found")
	made, _, err := c.ClusterMaintainers.Create(ctx, organization, cluster.ID, buildkite.ClusterMaintainer{UserID: user.ID})
	must(t, err)
	if made.Actor.Email != user.Email || made.Actor.Name != user.Name {
		t.Errorf("maintainer %+v", made)
	}
	got, _, err := c.ClusterMaintainers.Get(ctx, organization, cluster.ID, made.ID)
	must(t, err)
	list, _, err := c.ClusterMaintainers.List(ctx, organization, cluster.ID, nil)
	must(t, err)
	if diff := cmp.Diff([]buildkite.ClusterMaintainerEntry{made, made}, append(list, got)); diff != "" {
		t.Errorf("got others than were made (-made +got):\n%s", diff)
	}
	_, _, err = c.ClusterMaintainers.Create(ctx, organization, cluster.ID, buildkite.ClusterMaintainer{UserID: cluster.ID})
	wantStatus(t, err, http.StatusUnprocessableEntity, "Validation failed")
	_, _, err = s.clientWith(readToken).ClusterMaintainers.Create(ctx, organization, cluster.ID, buildkite.ClusterMaintainer{UserID: user.ID})
	wantStatus(t, err, http.StatusForbidden, "write_clusters")
}
