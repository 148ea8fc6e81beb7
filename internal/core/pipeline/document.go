package pipeline

import (
	"errors"

	"github.com/buildkite/go-pipeline/ordered"
)

// Document is a parsed pipeline document. It is never changed, so that it may be compiled several times and by several
// goroutines.
type Document struct {
	// top holds the top-level keys; a bare list of steps has only `steps`.
	top *ordered.MapSA
	// source answers where a value stands.
	source source
}

// Parse reads a YAML or JSON document: a mapping with `steps`, or a bare list of steps. Of a stream of several YAML
// documents it reads the first. Every error is an *Error, with a line where there is one.
func Parse(doc []byte) (*Document, error) {
	limits := DefaultLimits()
	if len(doc) > limits.DocumentBytes {
		return nil, refuse("The pipeline is too large: %d bytes, the maximum is %d", len(doc), limits.DocumentBytes)
	}
	value, src, err := decode(doc, limits)
	if err != nil {
		return nil, err
	}
	d := &Document{source: src}
	switch v := value.(type) {
	case *ordered.MapSA:
		d.top = v
	case []any:
		d.top = ordered.MapFromItems(ordered.TupleSA{Key: "steps", Value: v})
		d.source.bareList = true
	case nil:
		return nil, refuse("The pipeline is empty: it needs a list of `steps`")
	default:
		return nil, refuse("A pipeline must be a mapping with `steps`, or a list of steps, but it is %s", noun(v))
	}
	if _, err := stepList(d.top); err != nil {
		return nil, d.locate(err)
	}
	return d, nil
}

// stepList returns the steps of a document or group; absent and null are an empty list.
func stepList(m *ordered.MapSA) ([]any, error) {
	value, _ := m.Get("steps")
	switch steps := value.(type) {
	case nil:
		return nil, nil
	case []any:
		return steps, nil
	}
	return nil, within(refuse("`steps` must be a list, but it is %s", noun(value)), "steps")
}

// locate completes an *Error with its line and step.
func (d *Document) locate(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	placed := *e
	placed.Step = stepPath(e.path)
	if placed.Line == 0 {
		placed.Line = d.source.line(e.path)
	}
	return &placed
}
