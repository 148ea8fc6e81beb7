package cron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is what a field may hold: numbers from min to max, in a circle.
type field struct {
	name     string // with its article
	min, max int
	// again is max + 1 where that is another way to write min, and else max.
	again int
	// names are those of min and the numbers after it.
	names []string
}

var (
	minuteField  = field{name: "a minute", min: 0, max: 59, again: 59}
	hourField    = field{name: "an hour", min: 0, max: 23, again: 24}
	monthField   = field{name: "a month", min: 1, max: 12, again: 12, names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}}
	weekdayField = field{name: "a day of week", min: 0, max: 6, again: 7, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}
)

// size is how many different numbers there are.
func (f field) size() int { return f.max - f.min + 1 }

// parse reads a list of numbers, ranges and steps.
func (f field) parse(text string) (set, error) {
	var numbers set
	for element := range strings.SplitSeq(text, ",") {
		e, err := splitElement(element, f.name)
		if err != nil {
			return 0, err
		}
		if err := f.expand(e, &numbers); err != nil {
			return 0, err
		}
	}
	return numbers, nil
}

// expand adds the numbers of an element. A range may go on from the end at the beginning: 22-2 of hours.
func (f field) expand(e element, numbers *set) error {
	from, to := f.min, f.max
	if !e.star {
		var err error
		if from, err = f.number(e.from); err != nil {
			return err
		}
		switch {
		case e.to != "":
			if to, err = f.number(e.to); err != nil {
				return err
			}
		case !e.stepped:
			to = from
		}
	}
	count := to - from
	if count < 0 {
		count += f.size()
	}
	for i := 0; i <= count; i += e.step {
		numbers.add(f.min + (from-f.min+i)%f.size())
	}
	return nil
}

func (f field) number(text string) (int, error) {
	if i := slices.Index(f.names, strings.ToLower(text)); i >= 0 {
		return f.min + i, nil
	}
	n, ok := digits(text)
	if !ok || n < f.min || n > f.again {
		return 0, fmt.Errorf("has %q for %s: use %s", text, f.name, f.usage())
	}
	return n, nil
}

func (f field) usage() string {
	usage := fmt.Sprintf("%d to %d", f.min, f.max)
	if f.names != nil {
		usage += fmt.Sprintf(" or %s to %s", strings.ToUpper(f.names[0]), strings.ToUpper(f.names[len(f.names)-1]))
	}
	return usage
}

// element is one part of a list: from, from-to, *, and each of them with /step.
type element struct {
	star     bool
	from, to string // to is empty for a single one
	step     int
	stepped  bool // a step was given
}

func splitElement(text, name string) (element, error) {
	span, step, stepped := strings.Cut(text, "/")
	e := element{step: 1, stepped: stepped}
	if stepped {
		var ok bool
		if e.step, ok = digits(step); !ok || e.step == 0 {
			return element{}, fmt.Errorf("has a step %q in %q: use a number from 1 to 99", step, text)
		}
	}
	switch {
	case span == "*" || (span == "" && stepped):
		e.star = true
		return e, nil
	case span == "":
		return element{}, fmt.Errorf("has a comma without %s beside it", name)
	}
	e.from = span
	if i := strings.IndexByte(span[1:], '-') + 1; i > 0 { // a sign may come first
		e.from, e.to = span[:i], span[i+1:]
		if e.to == "" {
			return element{}, fmt.Errorf("has a range %q without an end", span)
		}
	}
	return e, nil
}

// digits reads a number of one or two digits.
func digits(text string) (int, bool) {
	if len(text) == 0 || len(text) > 2 || strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
