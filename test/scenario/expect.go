package scenario

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Expectation is one thing that has to hold after an event.
type Expectation struct {
	Text string
	// Build is the name of the build it is about.
	Build string
	// Refused is the message the event has to be refused with.
	Refused string
	// same wants nothing to have changed in any build; without it check has to hold.
	same  bool
	check func(States) error
}

// parseExpectations reads what stands after an arrow, separated by commas outside of parentheses. A refusal takes the
// whole line, since its message may have commas.
func parseExpectations(text string) ([]Expectation, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	if message, ok := strings.CutPrefix(text, "refused:"); ok {
		return []Expectation{{Text: text, Refused: strings.TrimSpace(message), same: true}}, nil
	}
	var list []Expectation
	for _, part := range splitOutside(text) {
		e, err := parseExpectation(part)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", part, err)
		}
		list = append(list, e)
	}
	return list, nil
}

func splitOutside(text string) []string {
	var parts []string
	depth, start := 0, 0
	for i, c := range text {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	return append(parts, strings.TrimSpace(text[start:]))
}

func parseExpectation(text string) (Expectation, error) {
	e := Expectation{Text: text}
	main, details, _ := strings.Cut(strings.TrimSuffix(text, ")"), " (")
	w := words(strings.Fields(main))
	e.Build = w.build()
	var err error
	switch {
	case w.take("nothing changes"):
		e.same = true
	case w.take("build blocked as"):
		want := w.next()
		e.check = func(s States) error { return same("blocked state", s.BlockedState, want) }
	case w.take("build"):
		want := w.next()
		e.check = func(s States) error { return same("build", s.Build, want) }
	case w.take("step"):
		e.check, err = stepCheck(&w)
	default:
		e.check, err = jobCheck(&w, details)
	}
	if err == nil && len(w) > 0 {
		err = fmt.Errorf("unexpected %q", strings.Join(w, " "))
	}
	return e, err
}

func same(what, have, want string) error {
	if have != want {
		return fmt.Errorf("%s is %s, want %s", what, have, want)
	}
	return nil
}

func sameStates(before, after map[string]States) error {
	if !reflect.DeepEqual(before, after) {
		return fmt.Errorf("something changed: before %+v, after %+v", before, after)
	}
	return nil
}

// stepCheck reads `KEY STATE` or `KEY outcome OUTCOME`.
func stepCheck(w *words) (func(States) error, error) {
	key := w.next()
	if w.take("outcome") {
		want := w.next()
		return func(s States) error { return same("outcome of "+key, s.Steps[key].Outcome, want) }, nil
	}
	want := w.next()
	if want == "" {
		return nil, fmt.Errorf("a state is missing")
	}
	return func(s States) error { return same("step "+key, s.Steps[key].State, want) }, nil
}

// jobCheck reads `KEY STATE`, `KEY[INDEX] STATE` or `KEY absent`. Without an index all jobs of the step are meant.
func jobCheck(w *words, details string) (func(States) error, error) {
	name := w.next()
	job, err := parseJob(name)
	if err != nil {
		return nil, err
	}
	want := w.next()
	if want == "" {
		return nil, fmt.Errorf("a state is missing")
	}
	check, err := detailCheck(details)
	if err != nil {
		return nil, err
	}
	indexed := strings.Contains(name, "[")
	return func(s States) error {
		jobs := s.Jobs[job.Key]
		if _, exists := s.Steps[job.Key]; want == "absent" || !exists {
			if exists || want != "absent" {
				return fmt.Errorf("step %s exists: %t", job.Key, exists)
			}
			return nil
		}
		if indexed {
			if job.Index >= len(jobs) {
				return fmt.Errorf("%s has %d jobs", job.Key, len(jobs))
			}
			jobs = jobs[job.Index : job.Index+1]
		}
		if len(jobs) == 0 {
			return fmt.Errorf("%s has no jobs", job.Key)
		}
		for _, j := range jobs {
			if err := same(name, j.State, want); err != nil {
				return err
			}
			if err := check(j); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}, nil
}

// detailCheck reads what stands in parentheses after a job's state.
func detailCheck(details string) (func(JobStatus) error, error) {
	var checks []func(JobStatus) error
	add := func(check func(JobStatus) error) { checks = append(checks, check) }
	for _, d := range strings.Split(details, ",") {
		d = strings.TrimSpace(d)
		word, rest, _ := strings.Cut(d, " ")
		n, notNumber := strconv.Atoi(rest)
		switch {
		case d == "":
		case word == "exit" && notNumber == nil:
			add(func(j JobStatus) error {
				if j.ExitStatus == nil || *j.ExitStatus != n {
					return fmt.Errorf("exit status is not %d", n)
				}
				return nil
			})
		case word == "retries" && notNumber == nil:
			add(func(j JobStatus) error { return same("retries", strconv.Itoa(j.Retries), rest) })
		case d == "soft" || d == "hard":
			add(func(j JobStatus) error {
				return same("softness", strconv.FormatBool(j.SoftFailed), strconv.FormatBool(d == "soft"))
			})
		case d == "unblockable" || d == "not unblockable":
			add(func(j JobStatus) error {
				return same("unblockable", strconv.FormatBool(j.Unblockable), strconv.FormatBool(d == "unblockable"))
			})
		case d == "limited" || d == "not limited":
			add(func(j JobStatus) error {
				return same("limited", strconv.FormatBool(j.Limited), strconv.FormatBool(d == "limited"))
			})
		case word == "because":
			add(func(j JobStatus) error { return same("reason", j.Reason, rest) })
		default:
			return nil, fmt.Errorf("unknown detail %q", d)
		}
	}
	return func(j JobStatus) error {
		for _, check := range checks {
			if err := check(j); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
