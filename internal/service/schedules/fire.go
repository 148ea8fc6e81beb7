package schedules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/cron"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// taskFire comes when the next build of a schedule is due; its key is the schedule's id.
const taskFire = "schedules.fire"

type fireTask struct {
	ScheduleID string `json:"schedule_id"`
}

const (
	// maxAttempts is how often it is tried to make a build that fails for no reason that its people could help.
	maxAttempts = 5
	// gaveUp is what they are told then.
	gaveUp = "The build could not be created because of an error of the server. Its log says more."
	// maxFailure bounds the bytes of a kept failure.
	maxFailure = 2000
)

// enqueue has the next build made in its time.
func (s *Service) enqueue(ctx context.Context, tx *sqldb.Tx, row store.Schedule) error {
	if row.NextBuildAt == nil {
		return nil
	}
	payload, err := json.Marshal(fireTask{ScheduleID: row.ID})
	if err != nil {
		return err
	}
	return s.queue.Enqueue(ctx, tx, queue.Task{Kind: taskFire, Key: row.ID, Payload: payload, RunAt: *row.NextBuildAt})
}

// fire makes the build of a schedule that is due, or records why there is none; either way the schedule goes on. It may
// be called any number of times, by several nodes at once: the build and the move to the next time are one transaction.
func (s *Service) fire(ctx context.Context, t queue.Task) error {
	var task fireTask
	if err := json.Unmarshal(t.Payload, &task); err != nil {
		return queue.Permanent(fmt.Errorf("read payload of %s: %w", taskFire, err))
	}
	if t.Attempt > maxAttempts {
		return s.fail(ctx, task.ScheduleID, gaveUp) // even trying may be what ends the process
	}
	err := s.build(ctx, task.ScheduleID)
	if err == nil {
		return nil
	}
	var refusal *fault.Error
	if errors.As(err, &refusal) && refusal.Kind != fault.Unavailable {
		return s.fail(ctx, task.ScheduleID, failureText(refusal))
	}
	if t.Attempt < maxAttempts {
		return fmt.Errorf("build schedule %s: %w", task.ScheduleID, err)
	}
	s.log.Error("a scheduled build is left out", "schedule", task.ScheduleID, "attempts", t.Attempt, "error", err)
	return s.fail(ctx, task.ScheduleID, gaveUp)
}

// build makes the build that is due and moves the schedule on. What it writes in vain is rolled back.
func (s *Service) build(ctx context.Context, scheduleID string) error {
	return s.store.Write(ctx, func(tx *sqldb.Tx) error {
		d, err := s.findDue(ctx, tx, scheduleID)
		if d == nil || err != nil {
			return err
		}
		if d.unreadable != nil {
			return fault.New(fault.Invalid, "The cronline %q %s", d.Cronline, d.unreadable)
		}
		p, err := store.GetPipeline(ctx, tx, d.PipelineID)
		if err != nil {
			return fmt.Errorf("find pipeline %s: %w", d.PipelineID, err)
		}
		if p.ArchivedAt != nil {
			return fault.New(fault.Invalid, "The pipeline is archived: unarchive it to build it again")
		}
		buildID, err := s.builder.CreateInTx(ctx, tx, p, d.newBuild(p))
		if err != nil {
			return err
		}
		if err := s.advance(ctx, tx, d, nil); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.logBuild(d, buildID) })
		return nil
	})
}

func (s *Service) logBuild(d *dueSchedule, buildID string) {
	log := s.log.With("schedule", d.ID, "build", buildID, "for", d.intended)
	if d.intended.After(d.due) {
		log.Warn("scheduled builds were missed while no server ran: only the last is made", "missed since", d.due)
		return
	}
	log.Info("scheduled build made")
}

// fail records why the build that is due cannot be made and moves the schedule on.
func (s *Service) fail(ctx context.Context, scheduleID, message string) error {
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		d, err := s.findDue(ctx, tx, scheduleID)
		if d == nil || err != nil {
			return err
		}
		return s.advance(ctx, tx, d, &message)
	})
	if err != nil {
		return fmt.Errorf("record failure of schedule %s: %w", scheduleID, err)
	}
	return nil
}

// dueSchedule is a schedule of which a build is due.
type dueSchedule struct {
	store.Schedule
	// due is the time that is in the row.
	due time.Time
	// intended is the time that the build is for: of those missed while no server ran, only the last is made up for.
	intended time.Time
	// next is nil when there is no more.
	next *time.Time
	// unreadable is why intended and next are unknown: a line can become so when its time zone is given up.
	unreadable error
}

// findDue returns a schedule if a build of it is due, and nil when it is gone or not due.
func (s *Service) findDue(ctx context.Context, tx *sqldb.Tx, id string) (*dueSchedule, error) {
	row, err := store.GetSchedule(ctx, tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || row.NextBuildAt == nil {
		return nil, err
	}
	d := &dueSchedule{Schedule: row, due: *row.NextBuildAt}
	if d.due.After(tx.Now()) {
		return nil, s.enqueue(ctx, tx, row)
	}
	schedule, err := cron.Parse(row.Cronline, s.zones)
	if err != nil {
		d.unreadable = err
		return d, nil
	}
	d.intended = d.due
	if latest, ok := schedule.Latest(d.due, tx.Now()); ok {
		d.intended = latest
	}
	if next, ok := schedule.Next(tx.Now()); ok {
		d.next = &next
	}
	return d, nil
}

func (d *dueSchedule) newBuild(p store.Pipeline) NewBuild {
	in := NewBuild{
		Commit: d.Commit, Branch: branchOf(d.Schedule, p), Env: d.Env, CreatorID: d.CreatedByID, ScheduledAt: d.intended,
	}
	if d.Message != nil {
		in.Message = *d.Message
	}
	return in
}

// advance moves a schedule from the time that is due to the next; failure is nil when the build was made. A schedule
// that was changed or advanced meanwhile is store.ErrStale, so that all is rolled back and decided anew.
//
// The row is not locked before: whoever makes the build locks the pipeline first, as does who deletes a pipeline with its
// schedules.
func (s *Service) advance(ctx context.Context, tx *sqldb.Tx, d *dueSchedule, failure *string) error {
	row := d.Schedule
	row.NextBuildAt, row.FailedAt, row.FailedMessage = d.next, nil, failure
	if failure != nil {
		now := tx.Now()
		row.FailedAt = &now
	}
	if err := store.AdvanceSchedule(ctx, tx, row, d.due); err != nil {
		return err
	}
	return s.enqueue(ctx, tx, row)
}

// failureText is a refusal in one line, as a row keeps it.
func failureText(refusal *fault.Error) string {
	message := refusal.Message
	if len(refusal.Fields) > 0 {
		var fields []string
		for _, f := range refusal.Fields {
			fields = append(fields, f.Field+" "+f.Code)
		}
		message += ": " + strings.Join(fields, ", ")
	}
	if len(message) > maxFailure {
		message = message[:maxFailure]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(message, ""), "\x00", "")
}
