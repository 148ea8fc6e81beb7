// Package prompt asks a person in the terminal what a block or input step asks for. It knows nothing of builds: it takes
// questions and returns answers.
package prompt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/localrun/logview"
)

// ErrDeclined is returned when the person does not want the step to go on.
var ErrDeclined = errors.New("declined")

// ErrClosed is returned when there is nobody to ask any more.
var ErrClosed = errors.New("the input ended before an answer")

// Question is a step that waits for a person.
type Question struct {
	Label  string
	Prompt string
	Submit string
	Fields []pipeline.Field
}

// Asker asks on a terminal. It is not safe for concurrent use.
type Asker struct {
	out   io.Writer
	lines chan string
}

// NewAsker returns an asker that reads answers, a line each, from in. Reading goes on in the background until in ends,
// since a read cannot be given up.
func NewAsker(in io.Reader, out io.Writer) *Asker {
	a := &Asker{out: out, lines: make(chan string)}
	go func() {
		defer close(a.lines)
		scanner := bufio.NewScanner(in)
		for scanner.Scan() {
			a.lines <- scanner.Text()
		}
	}()
	return a
}

// Ask asks for the fields of a question and returns their values: several for a field that takes several. The given
// values are not asked for.
func (a *Asker) Ask(ctx context.Context, q Question, given map[string][]string) (map[string][]string, error) {
	fmt.Fprintln(a.out)
	a.say("%s", q.Label)
	for line := range strings.Lines(q.Prompt) {
		a.say("%s", line)
	}
	values := map[string][]string{}
	for _, f := range q.Fields {
		if value, ok := given[f.Key]; ok {
			values[f.Key] = value
			continue
		}
		value, err := a.field(ctx, f)
		if err != nil {
			return nil, err
		}
		values[f.Key] = value
	}
	return values, a.confirm(ctx, q)
}

// confirm asks whether to go on. A form was an answer already.
func (a *Asker) confirm(ctx context.Context, q Question) error {
	if len(q.Fields) > 0 {
		return nil
	}
	submit := q.Submit
	if submit == "" {
		submit = "Continue"
	}
	for {
		a.ask("%s? [Y/n] ", strings.TrimRight(submit, "?"))
		answer, err := a.read(ctx)
		if err != nil {
			return err
		}
		switch strings.ToLower(answer) {
		case "", "y", "yes":
			return nil
		case "n", "no":
			return ErrDeclined
		}
		a.say("Answer y or n.")
	}
}

// field asks until the answer is one.
func (a *Asker) field(ctx context.Context, f pipeline.Field) ([]string, error) {
	name := f.Text
	if name == "" {
		name = f.Select
	}
	if name == "" {
		name = f.Key
	}
	if f.Hint != "" {
		a.say("  %s", f.Hint)
	}
	for i, o := range f.Options {
		hint := ""
		if o.Hint != "" {
			hint = " (" + o.Hint + ")"
		}
		a.say("  %d) %s%s", i+1, o.Label, hint)
	}
	for {
		a.ask("%s", label(name, f))
		answer, err := a.read(ctx)
		if err != nil {
			return nil, err
		}
		value, problem := Answer(f, answer)
		if problem == "" {
			return value, nil
		}
		a.say("  %s", problem)
	}
}

// label is what stands before the answer.
func label(name string, f pipeline.Field) string {
	var notes []string
	if !f.Required {
		notes = append(notes, "optional")
	}
	if f.Multiple {
		notes = append(notes, "several, separated by commas")
	}
	if len(f.Default) > 0 {
		notes = append(notes, "default "+strings.Join(f.Default, ","))
	}
	if len(notes) > 0 {
		name += " [" + strings.Join(notes, "; ") + "]"
	}
	return name + ": "
}

func (a *Asker) read(ctx context.Context) (string, error) {
	select {
	case line, ok := <-a.lines:
		if !ok {
			return "", ErrClosed
		}
		return strings.TrimSpace(line), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// ask writes a text that the answer is typed behind. Texts come from pipelines, which may hold anything.
func (a *Asker) ask(format string, args ...any) {
	fmt.Fprint(a.out, logview.Clean(fmt.Sprintf(format, args...)))
}

func (a *Asker) say(format string, args ...any) {
	a.ask(format, args...)
	fmt.Fprintln(a.out)
}

// formatTimeout bounds the matching of a field's own regular expression.
const formatTimeout = time.Second

// Answer reads what was typed for a field: a text, or options by number, value or label. It returns what is wrong with
// it, "" for nothing. An empty answer is the default.
func Answer(f pipeline.Field, typed string) (value []string, problem string) {
	if typed == "" {
		if len(f.Default) == 0 && f.Required {
			return nil, "An answer is needed."
		}
		return f.Default, ""
	}
	if len(f.Options) == 0 {
		return []string{typed}, formatProblem(f, typed)
	}
	words := []string{typed}
	if f.Multiple {
		words = strings.Split(typed, ",")
	}
	for _, word := range words {
		chosen, ok := option(f.Options, strings.TrimSpace(word))
		if !ok {
			return nil, fmt.Sprintf("%q is none of the options.", strings.TrimSpace(word))
		}
		if !slices.Contains(value, chosen) {
			value = append(value, chosen)
		}
	}
	return value, ""
}

func formatProblem(f pipeline.Field, typed string) string {
	if f.Format == "" {
		return ""
	}
	form, err := regexp2.Compile(`\A(?:`+f.Format+`)\z`, regexp2.None)
	if err != nil {
		return "" // the server says so
	}
	form.MatchTimeout = formatTimeout
	if ok, err := form.MatchString(typed); err != nil || !ok {
		return fmt.Sprintf("The answer must match %s.", f.Format)
	}
	return ""
}

// option finds an option: values go before numbers, which may be values of others.
func option(options []pipeline.Option, word string) (string, bool) {
	for _, o := range options {
		if o.Value == word {
			return o.Value, true
		}
	}
	if n, err := strconv.Atoi(word); err == nil && n >= 1 && n <= len(options) {
		return options[n-1].Value, true
	}
	for _, o := range options {
		if strings.EqualFold(o.Label, word) {
			return o.Value, true
		}
	}
	return "", false
}
