package agents

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	taskSweep = "agents.lost"
	sweepKey  = "all"

	// lostAfter is the contract's: an agent without a sign of life for so long is lost within the next sweepEvery
	// (docs/contract/agent-api.md, section 4).
	lostAfter  = 3 * time.Minute
	sweepEvery = time.Minute
	// sweepLate is how late a sweep may be before it is taken that the servers were away, and not the agents.
	sweepLate = 30 * time.Second
	// sweepBatch bounds the agents marked in one transaction.
	sweepBatch = 100
)

// scheduleSweep makes sure that a sweep is on its way.
func (s *Service) scheduleSweep(ctx context.Context) error {
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error { return s.nextSweep(ctx, tx, sweepEvery) })
	if err != nil {
		return fmt.Errorf("schedule the search for lost agents: %w", err)
	}
	return nil
}

func (s *Service) nextSweep(ctx context.Context, tx *sqldb.Tx, in time.Duration) error {
	return s.queue.Enqueue(ctx, tx, queue.Task{Kind: taskSweep, Key: sweepKey, RunAt: tx.Now().Add(in)})
}

// sweepOptions let the sweep go on for ever: there is always a next one.
var sweepOptions = []queue.Option{queue.MaxAttempts(math.MaxInt32)}

// sweep marks agents lost that no node has seen for a while, has their jobs taken off them, and schedules the next
// sweep. After a time in which no server could have seen anybody it lets the agents come back first.
func (s *Service) sweep(ctx context.Context, t queue.Task) error {
	if err := s.Flush(ctx); err != nil {
		return err
	}
	for more := true; more; {
		err := s.store.Write(ctx, func(tx *sqldb.Tx) (err error) {
			if more = false; tx.Now().Sub(t.RunAt) > sweepLate {
				return s.nextSweep(ctx, tx, lostAfter+flushEvery)
			}
			if more, err = s.loseBatch(ctx, tx); err != nil || more {
				return err
			}
			return s.nextSweep(ctx, tx, sweepEvery)
		})
		if err != nil {
			return fmt.Errorf("search for lost agents: %w", err)
		}
	}
	return nil
}

// loseBatch marks some of the agents lost that are; more says that there may be others.
func (s *Service) loseBatch(ctx context.Context, tx *sqldb.Tx) (more bool, err error) {
	since := tx.Now().Add(-lostAfter)
	unseen, err := store.AgentsNotSeenSince(ctx, tx, since, sweepBatch)
	if err != nil {
		return false, err
	}
	for _, agent := range unseen {
		lost, err := store.LoseAgent(ctx, tx, agent.ID, since, tx.Now())
		if err != nil {
			return false, err
		}
		if !lost {
			continue
		}
		s.changed(tx, agent.ID)
		if err := s.giveUpJob(ctx, tx, agent.ID); err != nil {
			return false, err
		}
	}
	return len(unseen) == sweepBatch, nil
}
