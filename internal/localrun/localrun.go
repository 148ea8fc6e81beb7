package localrun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/localrun/prompt"
	"github.com/bridle-ci/bridle/internal/localrun/render"
	"github.com/bridle-ci/bridle/internal/store"
)

// Options say what to run and how.
type Options struct {
	// Dir is a folder in the repository; empty is the present one.
	Dir string
	// File is the pipeline file, as seen from Dir; empty is the repository's own.
	File string
	// Step is the key of the only step to run, with what it depends on.
	Step string
	// Commit, Branch and Message replace what the working tree says.
	Commit   string
	Branch   string
	Message  string
	Env      map[string]string
	MetaData map[string]string
	// Unblock are keys of steps that need no asking; "all" is all of them. Fields are answers by key.
	Unblock []string
	Fields  map[string][]string
	// Asker asks for the rest; nil when there is nobody.
	Asker *prompt.Asker

	Agents int
	// Agent is the path of the official agent; empty looks for one.
	Agent string
	// CacheDir keeps agents and plugins for the next time; empty is the user's cache folder.
	CacheDir string
	// Keep leaves logs and artifacts in the repository.
	Keep bool
	// Environment is what jobs inherit.
	Environment []string

	Output render.Output
	// Interrupts ask to stop: the first cancels the build, the second ends everything at once.
	Interrupts <-chan os.Signal
}

// Exit statuses.
const (
	Passed      = 0
	Failed      = 1
	Interrupted = 130
)

// errInterrupted says that the person stopped the run.
var errInterrupted = errors.New("interrupted")

// Run runs a pipeline to the end and returns the exit status. An error tells why there is no result. Nothing is left
// running, and no temporary file, when it returns.
func Run(ctx context.Context, o Options) (status int, err error) {
	hard, kill := context.WithCancel(ctx)
	defer kill()
	soft, interrupt := context.WithCancelCause(hard)
	defer interrupt(nil)
	go obey(hard, o.Interrupts, func() { interrupt(errInterrupted) }, kill)

	temp, err := os.MkdirTemp("", "bridle-run-")
	if err != nil {
		return Failed, fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() {
		if removeErr := removeAll(temp); removeErr != nil {
			err = errors.Join(err, fmt.Errorf("clean up: %w", removeErr))
			status = max(status, Failed)
		}
	}()
	r := &run{Options: o, temp: temp, soft: soft, hard: hard}
	status, err = r.run()
	if context.Cause(soft) != nil {
		return Interrupted, ignoreInterruption(err)
	}
	return status, err
}

// obey turns signals into the ends of contexts.
func obey(ctx context.Context, signals <-chan os.Signal, first, second func()) {
	for _, stop := range []func(){first, second} {
		select {
		case <-signals:
			stop()
		case <-ctx.Done():
			return
		}
	}
}

// ignoreInterruption drops errors that only say that the person stopped the run.
func ignoreInterruption(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, errInterrupted) {
		return nil
	}
	return err
}

// run is one run.
type run struct {
	Options
	temp string
	// soft ends when the person asks to stop, hard when they insist.
	soft context.Context //nolint:containedctx // a run is what these contexts are of
	hard context.Context //nolint:containedctx
}

func (r *run) run() (int, error) {
	began := time.Now()
	source, err := r.prepare()
	if err != nil {
		return Failed, err
	}
	w, err := r.startWorld(source)
	if err != nil {
		return Failed, err
	}
	result, err := r.build(w, source, began)
	return result, errors.Join(err, w.stop(r.hard))
}

// build makes the build and follows it to its end.
func (r *run) build(w *world, source source, began time.Time) (int, error) {
	b, err := w.createBuild(r.soft, r.Options, source)
	if err != nil {
		return Failed, err
	}
	f := newFollower(r, w, b)
	b, err = f.follow()
	if err != nil {
		return Failed, err
	}
	if err := r.conclude(w, f, b, began); err != nil {
		return Failed, err
	}
	if b.State == build.Passed || b.State == build.NotRun {
		return Passed, nil
	}
	return Failed, f.gaveUp
}

// conclude shows and keeps what came of the build.
func (r *run) conclude(w *world, f *follower, b store.Build, began time.Time) error {
	ctx := context.WithoutCancel(r.soft)
	artifacts, err := w.artifacts(ctx, b)
	if err != nil {
		return err
	}
	s := render.Summary{
		At: time.Now(), State: render.State(b.State), Took: time.Since(began), Jobs: f.summary(), Artifacts: len(artifacts),
	}
	if r.Keep {
		if s.Kept, err = w.keep(ctx, f, artifacts); err != nil {
			return err
		}
	}
	notes, err := w.annotations(ctx, b)
	if err != nil {
		return err
	}
	for _, note := range notes {
		r.Output.Annotation(note)
	}
	r.Output.Finish(s)
	return nil
}

// cacheDir is a folder in the cache.
func (r *run) cacheDir(name string) (string, error) {
	if r.CacheDir != "" {
		return filepath.Join(r.CacheDir, name), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	return filepath.Join(dir, "bridle", name), nil
}

// silent is the log of the control plane: what goes wrong there is told by what it answers.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
