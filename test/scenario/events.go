package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// words reads an event's words from left to right.
type words []string

func (w *words) next() string {
	if len(*w) == 0 {
		return ""
	}
	word := (*w)[0]
	*w = (*w)[1:]
	return word
}

// build takes the name of a build off the word that names a build, a job or a step: `deploy@two`, `step deploy@two`.
func (w words) build() string {
	for i := range min(len(w), 2) {
		if i == 1 && w[0] != "step" {
			break
		}
		if what, name, found := strings.Cut(w[i], "@"); found {
			w[i] = what
			return name
		}
	}
	return ""
}

// take passes the given words if they come next.
func (w *words) take(phrase string) bool {
	want := strings.Fields(phrase)
	if len(*w) < len(want) {
		return false
	}
	for i, word := range want {
		if (*w)[i] != word {
			return false
		}
	}
	*w = (*w)[len(want):]
	return true
}

func parseEvent(step *Step) error {
	w := words(strings.Fields(step.Text))
	step.Build = w.build()
	var err error
	if w.take("build created") {
		step.Create, err = parseCreate(&w)
	} else {
		step.Event, err = parseHappening(&w)
	}
	if err == nil && len(w) > 0 {
		err = fmt.Errorf("unexpected %q", strings.Join(w, " "))
	}
	return err
}

func parseCreate(w *words) (*Create, error) {
	c := &Create{Branch: "main", Env: map[string]string{}}
	if w.take("on branch") {
		c.Branch = w.next()
	}
	if !w.take("with") {
		return c, nil
	}
	for len(*w) > 0 {
		name, value, ok := strings.Cut(w.next(), "=")
		if !ok {
			return nil, fmt.Errorf("`with` takes NAME=value")
		}
		c.Env[name] = value
	}
	return c, nil
}

// verbs without anything after them.
var plainVerbs = []Verb{
	Accepted, Started, Returned, Lost, TimedOut, Expired, Canceled, ForceCanceled, Retried, Unblocked, Skipped,
}

func parseHappening(w *words) (Event, error) {
	var e Event
	e.WholeStep = w.take("step")
	if !w.take("build") {
		var err error
		if e.Subject, err = parseJob(w.next()); err != nil {
			return e, err
		}
	}
	switch {
	case w.take("finished with"):
		e.Verb = Finished
		return e, parseEnd(&e, w)
	case w.take("promised"):
		e.Verb = Promised
		return e, parseEnd(&e, w)
	case w.take("uploads and replaces:"):
		e.Verb, e.Replace = Uploads, true
		return e, nil
	case w.take("uploads:"):
		e.Verb = Uploads
		return e, nil
	case w.take("child"):
		e.Verb, e.Child = Child, w.next()
		if w.take("because") {
			e.Reason = strings.Join(*w, " ")
			*w = nil
		}
		return e, nil
	}
	for _, verb := range plainVerbs {
		if w.take(string(verb)) {
			e.Verb = verb
			if w.take("by") {
				e.Agent = w.next()
			}
			return e, nil
		}
	}
	return e, fmt.Errorf("unknown event %q", strings.Join(*w, " "))
}

func parseEnd(e *Event, w *words) error {
	status, err := strconv.Atoi(w.next())
	if err != nil {
		return fmt.Errorf("an exit status is a number: %w", err)
	}
	e.ExitStatus = status
	if w.take("signal") {
		e.Signal = w.next()
	}
	if w.take("reason") {
		e.Reason = w.next()
	}
	return nil
}

// parseJob reads `key` or `key[index]`.
func parseJob(text string) (Job, error) {
	key, rest, indexed := strings.Cut(text, "[")
	j := Job{Key: key}
	if key == "" {
		return j, fmt.Errorf("a job is named by its step's key")
	}
	if !indexed {
		return j, nil
	}
	index, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil || index < 0 {
		return j, fmt.Errorf("%q: the index of a job is a number from 0", text)
	}
	j.Index = index
	return j, nil
}
