package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Kinds of tasks. CloseTask is what service/builds enqueues, with a Closing, when a job with a log has ended.
const (
	CloseTask  = "logs.close"
	deleteTask = "logs.delete_blob"
)

// Closing is the payload of a CloseTask.
type Closing struct {
	JobID      string `json:"job_id"`
	BuildID    string `json:"build_id"`
	PipelineID string `json:"pipeline_id"`
}

// deletion is the payload of a deleteTask.
type deletion struct {
	Key string `json:"key"`
}

// Config is what the service works with.
type Config struct {
	Store *store.Store
	Queue *queue.Queue
	Bus   bus.Bus
	Blobs blob.Store
	// Artifacts resolves the artifact:// addresses of rendered logs.
	Artifacts Artifacts
	// Dir is the folder for open logs. It is used beside SQLite only.
	Dir string
	// Log may be nil.
	Log *slog.Logger
}

// Artifacts is what the service needs of service/artifacts.
type Artifacts interface {
	// Links returns the addresses of those of the paths that name a finished artifact of the build.
	Links(ctx context.Context, buildID string, paths []string) (map[string]string, error)
}

// Service is the use cases of job logs. It is safe for concurrent use.
type Service struct {
	store     *store.Store
	queue     *queue.Queue
	bus       bus.Bus
	blobs     blob.Store
	artifacts Artifacts
	log       *slog.Logger
	journal   journal
}

// New returns the service and registers the tasks it does with the queue.
func New(c Config) (*Service, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{store: c.Store, queue: c.Queue, bus: c.Bus, blobs: c.Blobs, artifacts: c.Artifacts, log: c.Log}
	if c.Store.DB().Engine() == sqldb.SQLite {
		disk, err := newDiskJournal(c.Dir)
		if err != nil {
			return nil, err
		}
		s.journal = disk
	} else {
		s.journal = &tableJournal{store: c.Store}
	}
	c.Queue.Handle(CloseTask, s.handleClose, queue.MaxAttempts(closeAttempts))
	c.Queue.Handle(deleteTask, s.handleDelete)
	return s, nil
}

// closeAttempts is how often closing a log is tried: its bytes are kept all the while, and the blob store may be away
// for long.
const closeAttempts = 100

func (s *Service) handleClose(ctx context.Context, t queue.Task) error {
	var c Closing
	if err := json.Unmarshal(t.Payload, &c); err != nil {
		return queue.Permanent(fmt.Errorf("read task: %w", err))
	}
	return s.close(ctx, c)
}

func (s *Service) handleDelete(ctx context.Context, t queue.Task) error {
	var d deletion
	if err := json.Unmarshal(t.Payload, &d); err != nil {
		return queue.Permanent(fmt.Errorf("read task: %w", err))
	}
	return s.blobs.Delete(ctx, d.Key)
}

// Sweep drops what is left on disk of jobs that are gone with their pipeline. It belongs to the start of a node.
func (s *Service) Sweep(ctx context.Context) error {
	disk, ok := s.journal.(*diskJournal)
	if !ok {
		return nil // rows of the table go with their log
	}
	jobs, err := disk.jobs()
	if err != nil {
		return fmt.Errorf("list open logs: %w", err)
	}
	for _, id := range jobs {
		switch l, err := store.GetJobLog(ctx, s.store.Read(), id); {
		case errors.Is(err, store.ErrNotFound) || err == nil && (l.State == store.LogClosed || l.State == store.LogDeleted):
			if err := disk.discard(ctx, id); err != nil {
				return fmt.Errorf("drop the log of job %s: %w", id, err)
			}
			s.log.InfoContext(ctx, "dropped what was left of a log", "job", id)
		case err != nil:
			return fmt.Errorf("look at the log of job %s: %w", id, err)
		}
	}
	return nil
}

// topic is where followers of a job's log wait for more.
func topic(jobID string) string { return "log:" + jobID }

// noLog is the answer about a job that is not there.
func noLog() error { return fault.Missing("job") }
