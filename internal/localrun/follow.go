package localrun

import (
	"context"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/localrun/render"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

const (
	// lookAgain is how long hints are trusted.
	lookAgain = 2 * time.Second
	// lookPause is the least time between two looks at a build; looks at large ones take their own time as well.
	lookPause = 50 * time.Millisecond
)

// follower shows a build as it goes on, and asks what it asks for.
type follower struct {
	r       *run
	w       *world
	buildID string

	// jobs are in build order as of the last look; shown is what was told of each.
	jobs  []render.Job
	shown map[string]render.Job
	// tails are the logs that are being followed; ended gets the ids of those that came to their end.
	tails map[string]bool
	ended chan tailEnd
	// answered are the manual jobs that were dealt with, whatever came of it.
	answered map[string]bool
	// gaveUp is why the build was canceled by us.
	gaveUp error
	// canceled says that the build was asked to stop.
	canceled bool
}

func newFollower(r *run, w *world, b store.Build) *follower {
	return &follower{
		r: r, w: w, buildID: b.ID, shown: map[string]render.Job{}, tails: map[string]bool{}, answered: map[string]bool{},
		ended: make(chan tailEnd),
	}
}

// follow returns the build when it has ended and everything of it has been shown.
func (f *follower) follow() (store.Build, error) {
	events, unsubscribe := f.w.app.Bus().Subscribe("build:" + f.buildID)
	defer unsubscribe()
	ctx, cancel := context.WithCancel(f.r.hard)
	defer cancel()
	soft := f.r.soft.Done()
	for {
		began := time.Now()
		b, err := f.look(ctx)
		if err != nil {
			return b, err
		}
		if b.State.Terminal() && len(f.tails) == 0 {
			return b, nil
		}
		rest := time.NewTimer(max(lookPause, 2*time.Since(began)))
		err = f.wait(ctx, rest.C, events, &soft)
		rest.Stop()
		if err != nil {
			return b, err
		}
	}
}

// wait returns when there is a reason to look again, and not before rest.
func (f *follower) wait(ctx context.Context, rest <-chan time.Time, events <-chan string, soft *<-chan struct{}) error {
	again := time.NewTimer(lookAgain)
	defer again.Stop()
	rested, hinted := false, false
	for !rested || !hinted {
		select {
		case <-rest:
			rested = true
		case <-events:
			hinted = true
		case <-again.C:
			return nil
		case end := <-f.ended:
			if err := f.tailEnded(end); err != nil {
				return err
			}
			hinted = true
		case <-*soft:
			*soft = nil
			f.r.Output.Note("Canceling the build. Press Ctrl-C again to stop everything at once.")
			if err := f.cancel("Interrupted"); err != nil {
				return err
			}
			hinted = true
		case err := <-f.w.app.Failed():
			return fmt.Errorf("the control plane failed: %w", err)
		case <-f.w.agents.Done():
			return fmt.Errorf("%w\n%s", f.w.agents.Err(), f.w.agents.Log())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// look reads the build and shows what is new.
func (f *follower) look(ctx context.Context) (store.Build, error) {
	b, err := f.w.app.Builds.Find(ctx, f.w.actor, f.w.pipeline.Slug, f.buildID)
	if err != nil {
		return b, fmt.Errorf("look at the build: %w", err)
	}
	x, err := f.w.app.Builds.Expand(ctx, f.w.actor, []store.Build{b}, builds.Expand{Jobs: true, RetriedJobs: true})
	if err != nil {
		return b, fmt.Errorf("look at the build: %w", err)
	}
	f.jobs = f.jobs[:0]
	var waiting []store.Job
	for _, j := range x.Jobs[b.ID] {
		step := x.Steps[j.StepID]
		shown := jobOf(&j, step, x.Groups[step.GroupID].Label)
		if step.UploadedBy == "" {
			shown.Name = uploadLabel
			f.showUpload(ctx, shown)
			continue
		}
		f.jobs = append(f.jobs, shown)
		f.show(ctx, shown)
		if builds.Unblockable(&j.Job) && !f.answered[j.ID] {
			waiting = append(waiting, j)
		}
	}
	if f.canceled || b.State.Terminal() {
		return b, nil
	}
	for _, j := range waiting {
		if err := f.answer(j, x.Steps[j.StepID]); err != nil {
			return b, err
		}
	}
	return b, f.giveUpIfStuck(b)
}

// show tells the new state of a job. The state that ends a job comes after the last line of its log.
func (f *follower) show(ctx context.Context, j render.Job) {
	last, known := f.shown[j.ID]
	if f.tails[j.ID] || (known && last.State == j.State && last.Retried == j.Retried) {
		return
	}
	if j.Type == string(build.Script) && j.StartedAt != nil && last.StartedAt == nil {
		running := j
		running.State, running.ExitStatus, running.FinishedAt, running.SoftFailed = render.Running, nil, nil, false
		f.tell(running)
		f.tail(ctx, running)
		return
	}
	if known && last.State == j.State {
		f.shown[j.ID] = j // it only was retried since
		return
	}
	f.tell(j)
}

func (f *follower) tell(j render.Job) {
	f.shown[j.ID] = j
	f.r.Output.Job(j)
}

// showUpload keeps still about the step that uploads the pipeline, unless that fails.
func (f *follower) showUpload(ctx context.Context, j render.Job) {
	if _, known := f.shown[j.ID]; known || f.tails[j.ID] || j.State != render.Failed {
		return
	}
	f.jobs = append(f.jobs, j)
	f.show(ctx, j)
}

// cancel cancels the build; one that has ended meanwhile is fine.
func (f *follower) cancel(reason string) error {
	f.canceled = true
	_, err := f.w.app.Builds.Cancel(f.r.hard, f.w.actor, f.w.pipeline.Slug, f.buildID, reason)
	if err != nil && !fault.Is(err, fault.Conflict) {
		return fmt.Errorf("cancel the build: %w", err)
	}
	return nil
}

// giveUpIfStuck cancels a build in which nothing will move any more without an answer that nobody gives.
func (f *follower) giveUpIfStuck(b store.Build) error {
	if f.gaveUp == nil || b.Counts.Moving > 0 || b.Counts.Offered == 0 {
		return nil
	}
	return f.cancel(f.gaveUp.Error())
}

// summary is the jobs for the table at the end.
func (f *follower) summary() []render.Job { return f.jobs }

// jobRef names a job of the build.
func (f *follower) jobRef(jobID string) builds.JobRef {
	return builds.JobRef{JobID: jobID, PipelineSlug: f.w.pipeline.Slug, BuildRef: f.buildID}
}
