package agents

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// MaxQueuesPerCluster is the contract's limit (docs/contract/platform.md, section 17).
const MaxQueuesPerCluster = 50

// QueueInput is a queue as asked for.
type QueueInput struct {
	Key                string
	Description        *string
	RetryAgentAffinity string // empty is store.PreferWarmest
	// Hosted asks for a queue of machines that the installation would have to provide.
	Hosted bool
}

// QueueChanges is an update of a queue. Its key never changes.
type QueueChanges struct {
	Description        patch.Field[string]
	RetryAgentAffinity patch.Field[string]
	Hosted             bool
}

// Queues returns a page of a cluster's queues, newest first, and their number.
func (s *Service) Queues(ctx context.Context, actor access.Actor, clusterID string, page store.Page) ([]QueueView, int, error) {
	if err := access.Check(actor, access.QueueView); err != nil {
		return nil, 0, err
	}
	cluster, err := ownCluster(ctx, s.store.Read(), actor, clusterID)
	if err != nil {
		return nil, 0, err
	}
	rows, err := store.ListQueues(ctx, s.store.Read(), cluster.ID, page)
	if err != nil {
		return nil, 0, fmt.Errorf("list queues: %w", err)
	}
	total, err := store.CountQueues(ctx, s.store.Read(), cluster.ID)
	if err != nil {
		return nil, 0, fmt.Errorf("count queues: %w", err)
	}
	views, err := queueViews(ctx, s.store.Read(), rows)
	return views, total, err
}

// Queue returns a queue of a cluster.
func (s *Service) Queue(ctx context.Context, actor access.Actor, clusterID, id string) (QueueView, error) {
	if err := access.Check(actor, access.QueueView); err != nil {
		return QueueView{}, err
	}
	cluster, err := ownCluster(ctx, s.store.Read(), actor, clusterID)
	if err != nil {
		return QueueView{}, err
	}
	row, err := queueOf(ctx, s.store.Read(), cluster, id, store.GetQueue)
	if err != nil {
		return QueueView{}, err
	}
	return queueView(ctx, s.store.Read(), row)
}

// CreateQueue makes a queue. Invalid is a field that cannot be what it is for, a taken key, and one queue too many.
func (s *Service) CreateQueue(ctx context.Context, actor access.Actor, clusterID string, in QueueInput) (QueueView, error) {
	var view QueueView
	err := s.changeCluster(ctx, actor, access.QueueChange, clusterID, func(tx *sqldb.Tx, cluster store.Cluster) error {
		row := store.Queue{
			ID: store.NewID(), OrganizationID: cluster.OrganizationID, ClusterID: cluster.ID, Key: in.Key,
			Description: in.Description, RetryAgentAffinity: in.RetryAgentAffinity, CreatedByID: personOf(actor),
			CreatedAt: tx.Now(),
		}
		if err := checkQueue(&row, in.Hosted); err != nil {
			return err
		}
		n, err := store.CountQueues(ctx, tx, cluster.ID)
		if err != nil {
			return fmt.Errorf("count queues: %w", err)
		}
		if n >= MaxQueuesPerCluster {
			return fault.Reason("A cluster can have at most %d queues", MaxQueuesPerCluster)
		}
		if err := store.InsertQueue(ctx, tx, row); err != nil {
			return err
		}
		view, err = queueView(ctx, tx, row)
		return err
	})
	if sqldb.IsUniqueOn(err, "queues(cluster_id, key)") {
		err = fault.Reason("Key has already been taken")
	}
	return view, err
}

// UpdateQueue changes parts of a queue.
func (s *Service) UpdateQueue(ctx context.Context, actor access.Actor, clusterID, id string, c QueueChanges) (QueueView, error) {
	return s.changeQueue(ctx, actor, clusterID, id, func(tx *sqldb.Tx, _ store.Cluster, row store.Queue) error {
		c.Description.Apply(&row.Description)
		c.RetryAgentAffinity.ApplyRequired(&row.RetryAgentAffinity)
		if err := checkQueue(&row, c.Hosted); err != nil {
			return err
		}
		s.queueChanged(tx, row.ID)
		return store.UpdateQueue(ctx, tx, row)
	})
}

// DeleteQueue removes a queue. Invalid is the cluster's default queue, one with connected agents, and one in which jobs
// wait.
func (s *Service) DeleteQueue(ctx context.Context, actor access.Actor, clusterID, id string) error {
	return s.inQueue(ctx, actor, clusterID, id, func(tx *sqldb.Tx, cluster store.Cluster, row store.Queue) error {
		if cluster.DefaultQueueID != nil && *cluster.DefaultQueueID == row.ID {
			return fault.New(fault.Invalid, "This is the cluster's default queue: choose another default queue first")
		}
		used, err := store.QueueHasAgents(ctx, tx, row.ID)
		if err != nil {
			return fmt.Errorf("look for agents of queue %s: %w", row.ID, err)
		}
		if used {
			return fault.New(fault.Invalid, "The queue has connected agents: stop them first")
		}
		if used, err = store.QueueHasJobs(ctx, tx, row.ID); err != nil {
			return fmt.Errorf("look for jobs in queue %s: %w", row.ID, err)
		}
		if used {
			return fault.New(fault.Invalid, "Jobs wait in the queue: let them run or cancel them first")
		}
		s.queueChanged(tx, row.ID)
		return store.DeleteQueue(ctx, tx, row.ID)
	})
}

// PauseQueue keeps a queue's waiting jobs from being given out; running ones go on. Invalid is a queue that is paused.
func (s *Service) PauseQueue(ctx context.Context, actor access.Actor, clusterID, id string, note *string) (QueueView, error) {
	return s.changeQueue(ctx, actor, clusterID, id, func(tx *sqldb.Tx, _ store.Cluster, row store.Queue) error {
		note, err := optionalText("Dispatch paused note", note, maxNote)
		if err != nil {
			return err
		}
		err = store.PauseQueue(ctx, tx, row.ID, tx.Now(), personOf(actor), note)
		if errors.Is(err, store.ErrStale) {
			return fault.New(fault.Invalid, "Cluster queue is already paused")
		}
		s.queueChanged(tx, row.ID)
		return err
	})
}

// ResumeQueue ends a queue's pause. Invalid is a queue that is not paused.
func (s *Service) ResumeQueue(ctx context.Context, actor access.Actor, clusterID, id string) (QueueView, error) {
	return s.changeQueue(ctx, actor, clusterID, id, func(tx *sqldb.Tx, _ store.Cluster, row store.Queue) error {
		err := store.ResumeQueue(ctx, tx, row.ID)
		if errors.Is(err, store.ErrStale) {
			return fault.New(fault.Invalid, "Cluster queue is not paused")
		}
		s.queueChanged(tx, row.ID)
		return err
	})
}

// changeQueue is inQueue that returns what became of the queue.
func (s *Service) changeQueue(ctx context.Context, actor access.Actor, clusterID, id string, fn func(*sqldb.Tx, store.Cluster, store.Queue) error) (QueueView, error) {
	var view QueueView
	err := s.inQueue(ctx, actor, clusterID, id, func(tx *sqldb.Tx, cluster store.Cluster, row store.Queue) error {
		if err := fn(tx, cluster, row); err != nil {
			return err
		}
		changed, err := store.GetQueue(ctx, tx, row.ID)
		if err != nil {
			return err
		}
		view, err = queueView(ctx, tx, changed)
		return err
	})
	return view, err
}

// inQueue runs fn on a queue and its cluster under their locks, for an actor who may change queues there.
func (s *Service) inQueue(ctx context.Context, actor access.Actor, clusterID, id string, fn func(*sqldb.Tx, store.Cluster, store.Queue) error) error {
	return s.changeCluster(ctx, actor, access.QueueChange, clusterID, func(tx *sqldb.Tx, cluster store.Cluster) error {
		row, err := queueOf(ctx, tx, cluster, id, store.LockQueue)
		if err != nil {
			return err
		}
		return fn(tx, cluster, row)
	})
}

// queueOf returns a queue of a cluster.
func queueOf(ctx context.Context, q sqldb.Queryer, cluster store.Cluster, id string, get func(context.Context, sqldb.Queryer, string) (store.Queue, error)) (store.Queue, error) {
	id, ok := ids.ParseUUID(id)
	if !ok {
		return store.Queue{}, fault.Missing("cluster queue")
	}
	row, err := get(ctx, q, id)
	if err != nil {
		return store.Queue{}, missing(err, "cluster queue")
	}
	if row.ClusterID != cluster.ID {
		return store.Queue{}, fault.Missing("cluster queue")
	}
	return row, nil
}

func queueView(ctx context.Context, q sqldb.Queryer, row store.Queue) (QueueView, error) {
	views, err := queueViews(ctx, q, []store.Queue{row})
	if err != nil {
		return QueueView{}, err
	}
	return views[0], nil
}

// checkQueue validates a queue's fields; an empty description counts as missing.
func checkQueue(row *store.Queue, hosted bool) (err error) {
	if hosted {
		return fault.Reason("Hosted agents are not available on this installation: create a queue for agents of your own")
	}
	if row.Key == "" {
		return fault.Reason("Key can't be blank")
	}
	if !ids.ValidQueueKey(row.Key) {
		return fault.Reason("Key can only contain letters, digits, hyphens and underscores, at most %d", ids.MaxQueueKeyLength)
	}
	switch row.RetryAgentAffinity {
	case "":
		row.RetryAgentAffinity = store.PreferWarmest
	case store.PreferWarmest, store.PreferDifferent:
	default:
		return fault.Reason("Retry agent affinity must be %s or %s", store.PreferWarmest, store.PreferDifferent)
	}
	row.Description, err = optionalText("Description", row.Description, maxDescription)
	return err
}
