package buildtest

import (
	"fmt"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// Audit counts everything a build's counters count from scratch and returns the first that is wrong.
func (w *World) Audit() error {
	if err := w.auditBuild(); err != nil {
		return err
	}
	for _, s := range w.Steps() {
		if err := w.auditStep(s); err != nil {
			return fmt.Errorf("step %s (%s): %w", s.Path, s.Key, err)
		}
	}
	for _, e := range w.Edges() {
		if _, ok := w.steps[e.To]; !ok {
			return fmt.Errorf("edge %s leads to step %q, which is not in the build", e.ID, e.To)
		}
		if _, ok := w.steps[e.From]; !ok && e.From != "" {
			return fmt.Errorf("edge %s comes from step %q, which is not in the build", e.ID, e.From)
		}
	}
	return w.auditHeld()
}

func differ[T comparable](what string, have, want T) error {
	if have != want {
		return fmt.Errorf("%s is %v, counted %v", what, have, want)
	}
	return nil
}

func (w *World) auditBuild() error {
	var c build.Counts
	for _, j := range w.Latest() {
		terminal := j.State.Terminal()
		if !terminal {
			c.Open++
		}
		switch j.State {
		case build.JobLimiting, build.JobLimited, build.JobScheduled, build.JobReserved, build.JobAssigned,
			build.JobAccepted, build.JobRunning, build.JobCanceling, build.JobTimingOut:
			c.Moving++
		case build.JobBlocked:
			c.Offered++
		}
		if j.Type != build.Waiter && j.State != build.JobBroken && j.State != build.JobSkipped {
			c.Ran++
		}
		if failsBuild(j) {
			c.Failed++
		}
		if w.promisedHard(j) {
			c.PromisedFailed++
		}
	}
	return differ("counts of the build", w.Build.Counts, c)
}

func failsBuild(j build.Job) bool {
	switch j.State {
	case build.JobExpired:
		return true
	case build.JobCanceled, build.JobTimedOut:
		return !j.SoftFailed
	case build.JobFinished:
		return j.ExitStatus != nil && *j.ExitStatus != 0 && !j.SoftFailed
	}
	return j.BrokenReason == build.MissingDependency
}

func (w *World) promisedHard(j build.Job) bool {
	if j.PromisedExitStatus == nil || !j.State.OnAgent() || j.Spec.SoftFail.Covers(*j.PromisedExitStatus) {
		return false
	}
	for i, rule := range w.steps[j.StepID].Settings.Retry.Automatic {
		named := rule.Signals != nil && !slices.Contains(rule.Signals, "none") ||
			rule.SignalReasons != nil && !slices.Contains(rule.SignalReasons, "none")
		if named || rule.ExitStatuses != nil && !slices.Contains(rule.ExitStatuses, *j.PromisedExitStatus) {
			continue
		}
		used := 0
		if i < len(j.RuleRetries) {
			used = j.RuleRetries[i]
		}
		return used >= rule.Limit
	}
	return true
}

func (w *World) auditStep(s build.Step) error {
	open, parts, failed, stopped := 0, 0, false, false
	for id := range w.index.jobsOf[s.ID] {
		j := w.jobs[id]
		if j.Retried() {
			continue
		}
		if !j.State.Terminal() {
			open++
		}
		switch j.State {
		case build.JobWaitingFailed, build.JobBlockedFailed:
			failed = true
		case build.JobFinished, build.JobTimedOut:
			failed = failed || failsBuild(j)
		case build.JobCanceled, build.JobExpired:
			stopped = true
		}
	}
	own := build.Verdict{Failed: failed, Stopped: stopped}
	full := own
	for _, p := range w.partsOf(s) {
		if !p.Settled {
			parts++
			continue
		}
		full.Failed = full.Failed || p.Full.Failed
		full.Stopped = full.Stopped || p.Full.Stopped
	}
	if err := first(
		differ("open jobs", s.OpenJobs, open),
		differ("open parts", s.OpenParts, parts),
		differ("own settled", s.OwnSettled, open == 0),
		differ("settled", s.Settled, open == 0 && parts == 0),
		differ("own verdict", s.Own, own),
		differ("full verdict", s.Full, full),
	); err != nil {
		return err
	}
	if err := w.auditHeldParts(s); err != nil {
		return err
	}
	return w.auditEdges(s)
}

func isOpen(e build.Edge) bool { return e.State == build.EdgeOpen || e.State == build.EdgeHeld }

// partsOf finds parts by path alone: children of a group, or first steps of what an uploader uploaded.
func (w *World) partsOf(s build.Step) []build.Step {
	var parts []build.Step
	for _, p := range w.steps {
		rest, below := cut(p.Path, s.Path)
		switch {
		case below && s.Kind == pipeline.KindGroup && len(rest) == len(".00000") && rest[0] == '.',
			below && s.Kind != pipeline.KindGroup && len(rest) == len("/00000.00000") && rest[0] == '/':
			parts = append(parts, p)
		}
	}
	return parts
}

func cut(path, prefix string) (string, bool) {
	if len(path) <= len(prefix) || path[:len(prefix)] != prefix {
		return "", false
	}
	return path[len(prefix):], true
}

func (w *World) auditEdges(s build.Step) error {
	counted := map[build.EdgeState]int{}
	for id := range w.index.to[s.ID] {
		e := w.edges[id]
		counted[e.State]++
		if e.From == "" {
			continue
		}
		from := w.steps[e.From]
		verdict, settled := from.Full, from.Settled
		if e.OwnOnly {
			verdict, settled = from.Own, from.OwnSettled
		}
		if open := !settled || e.Through && from.OpenEdges > 0 && verdict == (build.Verdict{}); open != isOpen(e) {
			return fmt.Errorf("edge from %s (%s) is %s, but its dependency's settled is %t", from.Path, from.Key, e.State, settled)
		}
		bad := settled && (verdict.Stopped || verdict.Failed && !e.Lenient)
		if bad && e.State != build.EdgeFailed {
			return fmt.Errorf("edge from %s (%s) is %s although its dependency ended badly", from.Path, from.Key, e.State)
		}
	}
	return first(
		differ("open edges", s.OpenEdges, counted[build.EdgeOpen]+counted[build.EdgeHeld]),
		differ("held edges", s.HeldEdges, counted[build.EdgeHeld]),
		differ("failed edges", s.FailedEdges, counted[build.EdgeFailed]),
		differ("forgiven edges", s.ForgivenEdges, counted[build.EdgeForgiven]),
	)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
