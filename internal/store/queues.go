package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Retry affinities: which agent a retried job prefers (docs/contract/platform.md, section 9).
const (
	PreferWarmest   = "prefer-warmest"
	PreferDifferent = "prefer-different"
)

// Queue is where script jobs of a cluster wait for its agents.
type Queue struct {
	ID             string
	OrganizationID string
	ClusterID      string
	Key            string
	Description    *string
	// RetryAgentAffinity is PreferWarmest or PreferDifferent.
	RetryAgentAffinity string
	PausedAt           *time.Time
	PausedByID         *string
	PausedNote         *string
	CreatedByID        *string
	CreatedAt          time.Time
}

// Paused reports whether the queue gives out no jobs.
func (q Queue) Paused() bool { return q.PausedAt != nil }

const queueColumns = `id, organization_id, cluster_id, key, description, retry_agent_affinity, paused_at, paused_by_id,
	paused_note, created_by_id, created_at`

func scanQueue(row scanner) (Queue, error) {
	var (
		queue   Queue
		paused  *int64
		created int64
	)
	err := row.Scan(&queue.ID, &queue.OrganizationID, &queue.ClusterID, &queue.Key, &queue.Description,
		&queue.RetryAgentAffinity, &paused, &queue.PausedByID, &queue.PausedNote, &queue.CreatedByID, &created)
	queue.PausedAt, queue.CreatedAt = fromMicrosPtr(paused), fromMicros(created)
	return queue, err
}

// InsertQueue adds a queue. A taken key is a unique violation on "queues(cluster_id, key)".
func InsertQueue(ctx context.Context, q sqldb.Queryer, queue Queue) error {
	_, err := q.Exec(ctx, "INSERT INTO queues ("+queueColumns+") VALUES ("+placeholders(11)+")",
		queue.ID, queue.OrganizationID, queue.ClusterID, queue.Key, queue.Description, queue.RetryAgentAffinity,
		microsPtr(queue.PausedAt), queue.PausedByID, queue.PausedNote, queue.CreatedByID, micros(queue.CreatedAt))
	return err
}

// GetQueue returns a queue.
func GetQueue(ctx context.Context, q sqldb.Queryer, id string) (Queue, error) {
	return one(ctx, q, scanQueue, "SELECT "+queueColumns+" FROM queues WHERE id = $1", id)
}

// LockQueue returns a queue that the transaction is going to change.
func LockQueue(ctx context.Context, q sqldb.Queryer, id string) (Queue, error) {
	return one(ctx, q, scanQueue, "SELECT "+queueColumns+" FROM queues WHERE id = $1 "+sqldb.ForUpdate(q), id)
}

// QueueByKey returns the queue of a cluster with a key.
func QueueByKey(ctx context.Context, q sqldb.Queryer, clusterID, key string) (Queue, error) {
	return one(ctx, q, scanQueue, "SELECT "+queueColumns+" FROM queues WHERE cluster_id = $1 AND key = $2", clusterID, key)
}

// GetQueues returns those of the queues that exist, by id.
func GetQueues(ctx context.Context, q sqldb.Queryer, ids []string) (map[string]Queue, error) {
	found := make(map[string]Queue, len(ids))
	r := NewReads(q)
	r.Queues(ids, found)
	return found, r.Do(ctx)
}

// ListQueues returns a cluster's queues, newest first.
func ListQueues(ctx context.Context, q sqldb.Queryer, clusterID string, p Page) ([]Queue, error) {
	return list(ctx, q, scanQueue, "SELECT "+queueColumns+` FROM queues WHERE cluster_id = $1
		ORDER BY id DESC LIMIT $2 OFFSET $3`, clusterID, p.Limit, p.Offset)
}

// CountQueues counts what ListQueues pages through.
func CountQueues(ctx context.Context, q sqldb.Queryer, clusterID string) (int, error) {
	c := conditions{q: q}
	c.add("cluster_id = ?", clusterID)
	return count(ctx, q, "queues", c)
}

// UpdateQueue writes what an update may change of a queue; its key stays and pausing is a call of its own.
func UpdateQueue(ctx context.Context, q sqldb.Queryer, queue Queue) error {
	return mustChange(ctx, q, ErrNotFound, "UPDATE queues SET description = $2, retry_agent_affinity = $3 WHERE id = $1",
		queue.ID, queue.Description, queue.RetryAgentAffinity)
}

// PauseQueue stops dispatch from a queue; ErrStale is a queue that is paused already.
func PauseQueue(ctx context.Context, q sqldb.Queryer, id string, at time.Time, byID, note *string) error {
	return mustChange(ctx, q, ErrStale, `UPDATE queues SET paused_at = $2, paused_by_id = $3, paused_note = $4
		WHERE id = $1 AND paused_at IS NULL`, id, micros(at), byID, note)
}

// ResumeQueue starts dispatch again; ErrStale is a queue that is not paused.
func ResumeQueue(ctx context.Context, q sqldb.Queryer, id string) error {
	return mustChange(ctx, q, ErrStale, `UPDATE queues SET paused_at = NULL, paused_by_id = NULL, paused_note = NULL
		WHERE id = $1 AND paused_at IS NOT NULL`, id)
}

// DeleteQueue removes a queue. Agents that once were in it keep their rows without one.
func DeleteQueue(ctx context.Context, q sqldb.Queryer, id string) error {
	return mustChange(ctx, q, ErrNotFound, "DELETE FROM queues WHERE id = $1", id)
}

// QueueHasAgents reports whether agents are connected to a queue.
func QueueHasAgents(ctx context.Context, q sqldb.Queryer, id string) (bool, error) {
	return exists(ctx, q, "SELECT 1 FROM agents WHERE queue_id = $1 AND "+agentPresent, id)
}

// QueueHasJobs reports whether jobs wait in a queue for an agent.
func QueueHasJobs(ctx context.Context, q sqldb.Queryer, id string) (bool, error) {
	return exists(ctx, q, "SELECT 1 FROM jobs WHERE queue_id = $1 AND state = 'scheduled'", id)
}
