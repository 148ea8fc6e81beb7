package localrun

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/localrun/render"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

// jobOf is a job as it is shown.
func jobOf(j *store.Job, step build.Step, group string) render.Job {
	shown := render.Job{
		ID: j.ID, Type: string(j.Type), StepKey: step.Key, Name: nameOf(&j.Job, step), Group: group,
		State: render.State(builds.ShownState(&j.Job)), ExitStatus: j.ExitStatus, Signal: j.Signal, SoftFailed: j.SoftFailed,
		Reason: cmp.Or(j.BrokenReason, j.SignalReason), Attempt: j.RetriesCount + 1, Retried: j.Retried(),
		StartedAt: j.StartedAt, FinishedAt: j.FinishedAt,
	}
	if shown.State == render.Blocked && !builds.Unblockable(&j.Job) {
		// The API shows it as blocked, but there is nothing to answer, or not yet.
		shown.State = render.State(build.JobWaiting)
	}
	return shown
}

// maxCommandName is how much of a command stands for a label, in characters.
const maxCommandName = 60

// nameOf is the label, or what the job does when it has none. The jobs of one step are told apart.
func nameOf(j *build.Job, step build.Step) string {
	name := cmp.Or(j.Spec.Label, step.Label)
	if name == "" {
		switch {
		case step.Settings.Trigger != nil:
			name = "Trigger " + step.Settings.Trigger.Pipeline
		case j.Spec.Command != "":
			name, _, _ = strings.Cut(strings.TrimSpace(j.Spec.Command), "\n")
			if runes := []rune(name); len(runes) > maxCommandName {
				name = string(runes[:maxCommandName-3]) + "..."
			}
		default:
			name = cmp.Or(step.Key, string(step.Kind))
		}
	}
	if values := matrixValues(j.Spec.Matrix); values != nil && !containsAll(name, values) {
		name += " (" + strings.Join(values, ", ") + ")"
	}
	if total := j.Spec.ParallelTotal; total != nil && j.Spec.ParallelIndex != nil && *total > 1 && !countsItself(step.Label) {
		name += fmt.Sprintf(" %d/%d", *j.Spec.ParallelIndex+1, *total)
	}
	return name
}

// countsItself reports whether a label has the token of a parallel job's number (docs/contract/pipelines.md, section 2.2).
func countsItself(label string) bool {
	return strings.Contains(label, "%n") || strings.Contains(label, "%N")
}

// matrixValues are the values of a combination in the order of its dimensions' names.
func matrixValues(matrix map[string]string) []string {
	var dimensions []string
	for d := range matrix {
		dimensions = append(dimensions, d)
	}
	slices.Sort(dimensions)
	var values []string
	for _, d := range dimensions {
		values = append(values, matrix[d])
	}
	return values
}

func containsAll(text string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}
