package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// SetAgentIgnored notes that an agent takes no more jobs from its queue; it may still finish the one it holds.
func SetAgentIgnored(ctx context.Context, q sqldb.Queryer, id string) error {
	_, err := q.Exec(ctx, "UPDATE agents SET ignore_in_dispatches = $2 WHERE id = $1", id, true)
	return err
}

// LoseAgent marks an agent lost that is connected and has not been seen since a time; false when it was seen after all.
func LoseAgent(ctx context.Context, q sqldb.Queryer, id string, since, at time.Time) (bool, error) {
	n, err := q.Exec(ctx, "UPDATE agents SET state = 'lost', lost_at = $3 WHERE id = $1 AND last_seen_at < $2 AND "+
		agentPresent, id, micros(since), micros(at))
	return n == 1, err
}

// QueueJobCounts is how many jobs of a queue wait for an agent, are on one, and wait for something else.
type QueueJobCounts struct {
	QueueID   string
	Scheduled int
	Running   int
	Waiting   int
}

// JobCountsOfQueues counts the unfinished jobs of queues; a queue without any is not among the result.
func JobCountsOfQueues(ctx context.Context, q sqldb.Queryer, queueIDs []string) ([]QueueJobCounts, error) {
	scan := func(row scanner) (c QueueJobCounts, err error) {
		err = row.Scan(&c.QueueID, &c.Scheduled, &c.Running, &c.Waiting)
		return c, err
	}
	return list(ctx, q, scan, `SELECT queue_id,
			count(CASE WHEN state IN ('scheduled', 'reserved') THEN 1 END),
			count(CASE WHEN state IN ('assigned', 'accepted', 'running', 'canceling', 'timing_out') THEN 1 END),
			count(CASE WHEN state IN ('limited', 'limiting', 'waiting', 'blocked') THEN 1 END)
		FROM jobs WHERE `+sqldb.In(q, "queue_id", 1, queueIDs)+` AND `+jobOpen+` GROUP BY queue_id ORDER BY queue_id`,
		sqldb.List(q, queueIDs))
}

// jobOpen is a job that has not ended, written as the partial indexes have it.
const jobOpen = "state IN ('scheduled', 'limited', 'limiting', 'reserved', 'assigned', 'accepted', 'running', 'canceling', " +
	"'timing_out', 'waiting', 'blocked')"
