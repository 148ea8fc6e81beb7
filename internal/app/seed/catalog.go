package seed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// catalog is what builds point at, by id.
type catalog struct {
	queue     store.Queue
	pipelines []numbered
	agents    []string
	users     []string
}

// numbered is a pipeline and the number of its first build of this history.
type numbered struct {
	id    string
	first int64
}

// prepare makes the people, agents and pipelines of a history, or finds those of an earlier one.
func prepare(ctx context.Context, tx *sqldb.Tx, organization store.Organization, o Options) (catalog, error) {
	var c catalog
	cluster, err := store.DefaultCluster(ctx, tx, organization.ID)
	if err != nil || cluster.DefaultQueueID == nil {
		return c, fmt.Errorf("the organization needs a default cluster with a default queue: %w", errors.Join(err, store.ErrNotFound))
	}
	if c.queue, err = store.GetQueue(ctx, tx, *cluster.DefaultQueueID); err != nil {
		return c, fmt.Errorf("find default queue: %w", err)
	}
	for i := range o.Users {
		id, err := person(ctx, tx, organization.ID, i+1)
		if err != nil {
			return c, fmt.Errorf("make a user: %w", err)
		}
		c.users = append(c.users, id)
	}
	for i := range o.Agents {
		id, err := formerAgent(ctx, tx, c.queue, i+1)
		if err != nil {
			return c, fmt.Errorf("make an agent: %w", err)
		}
		c.agents = append(c.agents, id)
	}
	for i := range o.Pipelines {
		p, err := ownPipeline(ctx, tx, cluster, o, i)
		if err != nil {
			return c, fmt.Errorf("make a pipeline: %w", err)
		}
		c.pipelines = append(c.pipelines, p)
	}
	return c, nil
}

func person(ctx context.Context, tx *sqldb.Tx, organizationID string, n int) (string, error) {
	email := fmt.Sprintf("seed-%d@example.com", n)
	found, err := store.UserByEmail(ctx, tx, email)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return found.ID, err
	}
	u := store.User{ID: store.NewID(), Name: fmt.Sprintf("Seed %d", n), Email: email, CreatedAt: tx.Now()}
	if err := store.InsertUser(ctx, tx, u); err != nil {
		return "", err
	}
	return u.ID, store.InsertMembership(ctx, tx, store.Membership{
		OrganizationID: organizationID, UserID: u.ID, Role: access.Member, CreatedAt: tx.Now(),
	})
}

// formerAgent makes an agent that is gone. Nobody knows the secret of its session.
func formerAgent(ctx context.Context, tx *sqldb.Tx, q store.Queue, n int) (string, error) {
	now := tx.Now()
	a := store.Agent{
		ID: store.NewID(), OrganizationID: q.OrganizationID, ClusterID: q.ClusterID, QueueID: q.ID,
		SessionHash: ids.HashToken(rand.Text()), State: store.AgentDisconnected, Name: fmt.Sprintf("seed-agent-%d", n),
		Hostname: fmt.Sprintf("seed-host-%d", n), OS: "linux", Arch: "amd64", Version: "3.138.1", Build: "1",
		UserAgent: "buildkite-agent/3.138.1", IPAddress: "192.0.2.10", Tags: []string{"queue=" + q.Key},
		CreatedAt: now, ConnectedAt: &now, LastSeenAt: &now, DisconnectedAt: &now,
	}
	return a.ID, store.InsertAgent(ctx, tx, a)
}

// ownPipeline makes or finds a pipeline of the history and takes the numbers of its builds.
func ownPipeline(ctx context.Context, tx *sqldb.Tx, cluster store.Cluster, o Options, index int) (numbered, error) {
	slug := fmt.Sprintf("seed-%d", index+1)
	p, err := store.PipelineBySlug(ctx, tx, cluster.OrganizationID, slug)
	if errors.Is(err, store.ErrNotFound) {
		p = store.Pipeline{
			ID: store.NewID(), OrganizationID: cluster.OrganizationID, ClusterID: &cluster.ID, Slug: slug, Name: slug,
			Repository: "https://example.com/" + slug + ".git", Configuration: configuration(o.Jobs),
			DefaultBranch: "main", AllowRebuilds: true, Provider: "unknown", ProviderSettings: []byte("{}"),
			Visibility: store.VisibilityPrivate, BadgeToken: rand.Text(), WebhookToken: rand.Text(),
			NextBuildNumber: 1, CreatedAt: tx.Now(),
		}
		err = store.InsertPipeline(ctx, tx, p)
	}
	if err != nil {
		return numbered{}, err
	}
	first, err := store.TakeBuildNumbers(ctx, tx, p.ID, int64(o.buildsOf(index)))
	return numbered{id: p.ID, first: first}, err
}

func configuration(jobs int) string {
	var text strings.Builder
	text.WriteString("steps:\n")
	for i := range jobs {
		fmt.Fprintf(&text, "  - label: %q\n    command: %q\n", label(i), command(i))
	}
	return text.String()
}

func label(job int) string { return fmt.Sprintf(":hammer: Test %d", job+1) }

func command(job int) string { return fmt.Sprintf("scripts/test --shard %d", job+1) }
