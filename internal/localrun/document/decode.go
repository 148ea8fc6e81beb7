package document

import (
	"bytes"
	"errors"
	"io"

	"github.com/buildkite/go-pipeline/ordered"
	"gopkg.in/yaml.v3"
)

// errSeveral refuses a stream of several documents where only one will do.
var errSeveral = errors.New("the file holds several documents")

// decode reads the document of a file into ordered maps; a bare list of steps becomes a document. Several documents are
// errSeveral.
func decode(data []byte) (*ordered.MapSA, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	root := new(yaml.Node)
	if err := decoder.Decode(root); err != nil {
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errSeveral
		}
		return nil, err
	}
	keepText(root, map[*yaml.Node]bool{})
	value, err := ordered.DecodeYAML(root)
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case *ordered.MapSA:
		return v, nil
	case []any:
		return ordered.MapFromItems(ordered.TupleSA{Key: "steps", Value: v}), nil
	}
	return nil, errors.New("a pipeline is a mapping with `steps`, or a list of steps")
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
