package agents

import (
	"context"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Limits of what is written about clusters, queues and tokens, in characters.
const (
	maxName        = 255
	maxDescription = 1000
)

// ClusterInput is a cluster as asked for.
type ClusterInput struct {
	Name        string
	Description *string
	Emoji       *string
	Color       *string
	Maintainers []MaintainerInput
}

// ClusterChanges is an update of a cluster.
type ClusterChanges struct {
	Name           patch.Field[string]
	Description    patch.Field[string]
	Emoji          patch.Field[string]
	Color          patch.Field[string]
	DefaultQueueID patch.Field[string]
	// HostedCache asks for a cache of hosted agents to be turned on or off, which only clusters with such agents have.
	HostedCache bool
}

// Clusters returns a page of the organization's clusters, newest first, and their number.
func (s *Service) Clusters(ctx context.Context, actor access.Actor, page store.Page) ([]ClusterView, int, error) {
	if err := access.Check(actor, access.ClusterView); err != nil {
		return nil, 0, err
	}
	rows, err := store.ListClusters(ctx, s.store.Read(), actor.OrganizationID, page)
	if err != nil {
		return nil, 0, fmt.Errorf("list clusters: %w", err)
	}
	total, err := store.CountClusters(ctx, s.store.Read(), actor.OrganizationID)
	if err != nil {
		return nil, 0, fmt.Errorf("count clusters: %w", err)
	}
	views, err := clusterViews(ctx, s.store.Read(), rows)
	return views, total, err
}

// Cluster returns a cluster.
func (s *Service) Cluster(ctx context.Context, actor access.Actor, id string) (ClusterView, error) {
	if err := access.Check(actor, access.ClusterView); err != nil {
		return ClusterView{}, err
	}
	row, err := ownCluster(ctx, s.store.Read(), actor, id)
	if err != nil {
		return ClusterView{}, err
	}
	return clusterView(ctx, s.store.Read(), row)
}

// CreateCluster makes a cluster, which has no queue yet. Invalid is a field that cannot be what it is for, a taken name,
// and a maintainer who is no member.
func (s *Service) CreateCluster(ctx context.Context, actor access.Actor, in ClusterInput) (ClusterView, error) {
	if err := access.Check(actor, access.ClusterChange); err != nil {
		return ClusterView{}, err
	}
	row := store.Cluster{
		OrganizationID: actor.OrganizationID, Name: in.Name, Description: in.Description, Emoji: in.Emoji, Color: in.Color,
		CreatedByID: personOf(actor),
	}
	if err := checkCluster(&row); err != nil {
		return ClusterView{}, err
	}
	var view ClusterView
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		row.ID, row.CreatedAt = store.NewID(), tx.Now()
		if err := store.InsertCluster(ctx, tx, row); err != nil {
			return err
		}
		if err := addMaintainers(ctx, tx, row, in.Maintainers); err != nil {
			return err
		}
		s.rightsChanged(tx)
		var err error
		view, err = clusterView(ctx, tx, row)
		return err
	})
	return view, clusterError(err)
}

// UpdateCluster changes parts of a cluster. Invalid is as for CreateCluster, a default queue that is not in the cluster,
// and what only clusters with hosted agents have.
func (s *Service) UpdateCluster(ctx context.Context, actor access.Actor, id string, c ClusterChanges) (ClusterView, error) {
	var view ClusterView
	err := s.changeCluster(ctx, actor, access.ClusterChange, id, func(tx *sqldb.Tx, row store.Cluster) error {
		if c.HostedCache {
			return fault.Reason("Hosted agents are not available on this installation: the cluster has no git mirror and no container cache to turn on or off")
		}
		c.Name.ApplyRequired(&row.Name)
		c.Description.Apply(&row.Description)
		c.Emoji.Apply(&row.Emoji)
		c.Color.Apply(&row.Color)
		if err := checkCluster(&row); err != nil {
			return err
		}
		if err := applyDefaultQueue(ctx, tx, &row, c.DefaultQueueID); err != nil {
			return err
		}
		if err := store.UpdateCluster(ctx, tx, row); err != nil {
			return err
		}
		var err error
		view, err = clusterView(ctx, tx, row)
		return err
	})
	return view, clusterError(err)
}

// DeleteCluster removes a cluster with its queues and tokens. Invalid is the default cluster, one with pipelines, and
// one with connected agents.
func (s *Service) DeleteCluster(ctx context.Context, actor access.Actor, id string) error {
	return s.changeCluster(ctx, actor, access.ClusterChange, id, func(tx *sqldb.Tx, row store.Cluster) error {
		if row.IsDefault {
			return fault.New(fault.Invalid, "This is the organization's default cluster, which can't be deleted")
		}
		used, err := store.ClusterHasPipelines(ctx, tx, row.ID)
		if err != nil {
			return fmt.Errorf("look for pipelines of cluster %s: %w", row.ID, err)
		}
		if used {
			return fault.New(fault.Invalid, "The cluster has pipelines: move them to another cluster or delete them first")
		}
		if used, err = store.ClusterHasAgents(ctx, tx, row); err != nil {
			return fmt.Errorf("look for agents of cluster %s: %w", row.ID, err)
		}
		if used {
			return fault.New(fault.Invalid, "The cluster has connected agents: stop them first")
		}
		return store.DeleteCluster(ctx, tx, row.ID)
	})
}

// changeCluster runs fn on a cluster under its lock, for an actor who may do something in it.
func (s *Service) changeCluster(ctx context.Context, actor access.Actor, action access.Action, id string, fn func(tx *sqldb.Tx, row store.Cluster) error) error {
	id, valid := ids.ParseUUID(id)
	if err := access.CheckCluster(actor, action, id); err != nil {
		return err
	}
	if !valid {
		return fault.Missing("cluster")
	}
	return s.store.Write(ctx, func(tx *sqldb.Tx) error {
		row, err := store.LockCluster(ctx, tx, id)
		if err != nil {
			return missing(err, "cluster")
		}
		if row.OrganizationID != actor.OrganizationID {
			return fault.Missing("cluster")
		}
		return fn(tx, row)
	})
}

// ownCluster returns a cluster of the actor's organization.
func ownCluster(ctx context.Context, q sqldb.Queryer, actor access.Actor, id string) (store.Cluster, error) {
	id, ok := ids.ParseUUID(id)
	if !ok {
		return store.Cluster{}, fault.Missing("cluster")
	}
	row, err := store.GetCluster(ctx, q, id)
	if err != nil {
		return store.Cluster{}, missing(err, "cluster")
	}
	if row.OrganizationID != actor.OrganizationID {
		return store.Cluster{}, fault.Missing("cluster")
	}
	return row, nil
}

func clusterView(ctx context.Context, q sqldb.Queryer, row store.Cluster) (ClusterView, error) {
	views, err := clusterViews(ctx, q, []store.Cluster{row})
	if err != nil {
		return ClusterView{}, err
	}
	return views[0], nil
}

// checkCluster validates a cluster's fields; empty ones count as missing.
func checkCluster(c *store.Cluster) (err error) {
	if problem := text.RequiredProblem(c.Name, maxName); problem != "" {
		return fault.Reason("Name %s", problem)
	}
	if c.Description, err = optionalText("Description", c.Description, maxDescription); err != nil {
		return err
	}
	if c.Emoji, err = optional("Emoji", c.Emoji, text.EmojiProblem); err != nil {
		return err
	}
	c.Color, err = optional("Color", c.Color, text.ColorProblem)
	return err
}

// applyDefaultQueue changes a cluster's default queue to one of its own, or to none.
func applyDefaultQueue(ctx context.Context, tx *sqldb.Tx, c *store.Cluster, change patch.Field[string]) error {
	if !change.Set {
		return nil
	}
	if change.Value == nil || *change.Value == "" {
		c.DefaultQueueID = nil
		return nil
	}
	queue, err := queueOf(ctx, tx, *c, *change.Value, store.GetQueue)
	if fault.Is(err, fault.NotFound) {
		return fault.Reason("Default queue must be a queue of the cluster")
	}
	c.DefaultQueueID = &queue.ID
	return err
}

// clusterError names the field of a taken name.
func clusterError(err error) error {
	if sqldb.IsUniqueOn(err, "clusters(organization_id, name)") {
		return fault.Reason("Name has already been taken")
	}
	return err
}

// optional checks a value that may be missing; an empty one counts as missing.
func optional(name string, value *string, problem func(string) string) (*string, error) {
	if value == nil || *value == "" {
		return nil, nil
	}
	if found := problem(*value); found != "" {
		return nil, fault.Reason("%s %s", name, found)
	}
	return value, nil
}

// optionalText is optional for a text.
func optionalText(name string, value *string, maxLength int) (*string, error) {
	return optional(name, value, func(v string) string { return text.Problem(v, maxLength) })
}
