package pipeline

import (
	"errors"
	"fmt"
	"strings"
)

// Error is a refusal of a document. Message is the contract's text where it gives one
// (docs/contract/pipelines.md, section 2.10) and is shown to users as it stands.
type Error struct {
	Message string
	// Line counts from 1; 0 when it is not known.
	Line int
	// Step is the index path of the step, such as `steps[3]` or `steps[3].steps[0]`; empty when the document as a
	// whole is refused.
	Step string

	// path leads from the document to the value refused: strings name keys, integers index lists.
	path []any
}

// Error returns the message after its place.
func (e *Error) Error() string {
	switch {
	case e.Line > 0 && e.Step != "":
		return fmt.Sprintf("line %d (%s): %s", e.Line, e.Step, e.Message)
	case e.Line > 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	case e.Step != "":
		return e.Step + ": " + e.Message
	}
	return e.Message
}

// In returns the text for a person who wrote the document in a file: `pipeline.yml:3: message`.
func (e *Error) In(file string) string {
	if e.Line == 0 {
		return file + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d: %s", file, e.Line, e.Message)
}

// refuse makes an Error whose place is added on the way out by within.
func refuse(format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

// within puts err under the given path elements.
func within(err error, prefix ...any) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	placed := *e
	placed.path = append(append([]any{}, prefix...), e.path...)
	return &placed
}

// stepPath renders the part of a path that leads to a step.
func stepPath(path []any) string {
	var b strings.Builder
	for len(path) >= 2 {
		index, ok := path[1].(int)
		if path[0] != "steps" || !ok {
			break
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		fmt.Fprintf(&b, "steps[%d]", index)
		path = path[2:]
	}
	return b.String()
}
