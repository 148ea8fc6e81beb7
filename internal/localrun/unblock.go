package localrun

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/localrun/prompt"
	"github.com/bridle-ci/bridle/internal/store"
)

// unblockAll is the word for all steps.
const unblockAll = "all"

// pauser is an output that keeps still while somebody is asked something.
type pauser interface{ Pause() (resume func()) }

// answer deals with a step that waits for a person: it lets it go on, or notes why that cannot be.
func (f *follower) answer(j store.Job, step build.Step) error {
	f.answered[j.ID] = true
	var manual pipeline.Manual
	if step.Settings.Manual != nil {
		manual = *step.Settings.Manual
	}
	if slices.Contains(f.r.Unblock, unblockAll) || (step.Key != "" && slices.Contains(f.r.Unblock, step.Key)) {
		return f.unblock(j, step, manual, given(manual, f.r.Fields))
	}
	if f.r.Asker == nil {
		f.gaveUp = fmt.Errorf("%q waits for an answer and there is no terminal to ask in: give --unblock %s%s", nameOf(&j.Job, step),
			keyOr(step.Key, unblockAll), fieldFlags(manual))
		return nil
	}
	values, err := f.ask(j, step, manual)
	switch {
	case errors.Is(err, prompt.ErrDeclined):
		f.gaveUp = fmt.Errorf("%q was not unblocked", nameOf(&j.Job, step))
		return nil
	case errors.Is(err, prompt.ErrClosed):
		f.gaveUp = fmt.Errorf("%q waits for an answer and the terminal is closed: give --unblock %s", nameOf(&j.Job, step), keyOr(step.Key, unblockAll))
		return nil
	case f.r.soft.Err() != nil:
		return nil // the loop cancels the build
	case err != nil:
		return err
	}
	return f.unblock(j, step, manual, values)
}

// ask asks in the terminal while everything else is quiet.
func (f *follower) ask(j store.Job, step build.Step, manual pipeline.Manual) (map[string][]string, error) {
	if p, ok := f.r.Output.(pauser); ok {
		defer p.Pause()()
	}
	return f.r.Asker.Ask(f.r.soft, prompt.Question{
		Label: nameOf(&j.Job, step), Prompt: manual.Prompt, Submit: manual.Submit, Fields: manual.Fields,
	}, given(manual, f.r.Fields))
}

func (f *follower) unblock(j store.Job, step build.Step, manual pipeline.Manual, values map[string][]string) error {
	_, _, err := f.w.app.Builds.UnblockJob(f.r.soft, f.w.actor, f.jobRef(j.ID), "", values)
	if fault.Is(err, fault.Invalid) {
		f.gaveUp = fmt.Errorf("%q cannot be unblocked: %w; answer with%s", nameOf(&j.Job, step), err, fieldFlags(manual))
		return nil
	}
	if err != nil && f.r.soft.Err() == nil {
		return fmt.Errorf("unblock %q: %w", nameOf(&j.Job, step), err)
	}
	return nil
}

// given are the answers of the command line to a step's own fields.
func given(manual pipeline.Manual, fields map[string][]string) map[string][]string {
	answers := map[string][]string{}
	for _, field := range manual.Fields {
		if values, ok := fields[field.Key]; ok {
			answers[field.Key] = values
		}
	}
	return answers
}

// fieldFlags are the flags that a step's fields ask for.
func fieldFlags(manual pipeline.Manual) string {
	var flags strings.Builder
	for _, field := range manual.Fields {
		if field.Required && len(field.Default) == 0 {
			fmt.Fprintf(&flags, " --field %s=…", field.Key)
		}
	}
	return flags.String()
}

func keyOr(key, word string) string {
	if key == "" {
		return word
	}
	return key
}
