package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
	"gopkg.in/yaml.v3"

	"github.com/bridle-ci/bridle/internal/core/conditional"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// Check tells what is wrong with a pipeline file as far as that can be known before an agent has worked on it: variables
// have no values yet, so what is wrong only next to one is left to the upload. Every error is a *Refusal.
func Check(file string, data []byte, branch string, vars conditional.Vars) error {
	err := check(data, branch, vars)
	var refused *pipeline.Error
	if err == nil || !errors.As(err, &refused) || hasVariable(data, refused.Line) {
		return nil
	}
	return &Refusal{File: file, Line: refused.Line, Message: refused.Message}
}

func check(data []byte, branch string, vars conditional.Vars) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return &pipeline.Error{Message: "The pipeline is empty: it needs a list of `steps`"}
	}
	d, err := pipeline.Parse(data)
	if err != nil {
		return err
	}
	o := pipeline.Options{Branch: branch, Vars: vars}
	_, err = d.Compile(o)
	if err == nil || !strings.Contains(err.Error(), "`if_changed`") {
		return err
	}
	// Agents apply `if_changed` and remove it (docs/contract/pipelines.md, section 15.1).
	applied, line, err := withoutIfChanged(data)
	if err != nil {
		return err
	}
	if d, err = pipeline.Parse(applied); err == nil {
		_, err = d.Compile(o)
	}
	var refused *pipeline.Error
	if errors.As(err, &refused) {
		placed := *refused
		placed.Line = line(refused.Step)
		return &placed
	}
	return err
}

// hasVariable reports whether what begins on a line, up to the next line that is not indented further, holds a
// variable.
func hasVariable(data []byte, line int) bool {
	lines := strings.Split(string(data), "\n")
	if line < 1 || line > len(lines) {
		return false
	}
	first := lines[line-1]
	if strings.Contains(first, "$") {
		return true
	}
	for _, next := range lines[line:] {
		if strings.TrimSpace(next) != "" && indentation(next) <= indentation(first) {
			return false
		}
		if strings.Contains(next, "$") {
			return true
		}
	}
	return false
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " -")) }

// withoutIfChanged returns the document as JSON without that attribute, and a function from a step's index path
// (`steps[3].steps[0]`) to the line it had.
func withoutIfChanged(data []byte) ([]byte, func(step string) int, error) {
	top, root, err := decode(data)
	if err != nil {
		return nil, nil, err
	}
	steps, err := stepsOf(top)
	if err != nil {
		return nil, nil, err
	}
	for _, step := range steps {
		removeIfChanged(step)
	}
	text, err := json.Marshal(top)
	return text, func(step string) int { return lineOf(root, step) }, err
}

func removeIfChanged(step any) {
	m, ok := step.(*ordered.MapSA)
	if !ok {
		return
	}
	m.Delete("if_changed")
	for _, value := range m.All {
		if inner, ok := value.(*ordered.MapSA); ok {
			inner.Delete("if_changed") // a nested form such as `command: {…}`
		}
	}
	if children, ok := m.Get("steps"); ok {
		if list, ok := children.([]any); ok {
			for _, child := range list {
				removeIfChanged(child)
			}
		}
	}
}

// errSeveral refuses a stream of several documents where only one will do.
var errSeveral = errors.New("the file holds several documents")

// decode reads the document of a file into ordered maps; a bare list of steps becomes a document. Several documents are
// errSeveral.
func decode(data []byte) (*ordered.MapSA, *yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	root := new(yaml.Node)
	if err := decoder.Decode(root); err != nil {
		return nil, nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errSeveral
		}
		return nil, nil, err
	}
	keepText(root, map[*yaml.Node]bool{})
	value, err := ordered.DecodeYAML(root)
	if err != nil {
		return nil, nil, err
	}
	switch v := value.(type) {
	case *ordered.MapSA:
		return v, root, nil
	case []any:
		return ordered.MapFromItems(ordered.TupleSA{Key: "steps", Value: v}), root, nil
	}
	return nil, nil, errors.New("a pipeline is a mapping with `steps`, or a list of steps")
}

// keepText makes dates stay the text they were written as.
func keepText(n *yaml.Node, seen map[*yaml.Node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	if n.Kind == yaml.ScalarNode {
		if tag := n.ShortTag(); tag == "!!timestamp" || tag == "!!binary" {
			n.Tag = "!!str"
		}
	}
	for _, child := range n.Content {
		keepText(child, seen)
	}
}

func stepsOf(m *ordered.MapSA) ([]any, error) {
	value, _ := m.Get("steps")
	list, ok := value.([]any)
	if !ok && value != nil {
		return nil, errors.New("`steps` must be a list")
	}
	return list, nil
}
