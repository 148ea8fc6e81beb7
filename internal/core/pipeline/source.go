package pipeline

import (
	"gopkg.in/yaml.v3"
)

// source is the text of a document as far as it is needed to tell lines.
type source struct {
	root *yaml.Node
	// json is set instead of root for a JSON document; its lines are found by reading it again as YAML.
	json []byte
	// bareList says that the document is the list of steps itself.
	bareList bool
}

// line returns the line of the value a path leads to, or of the deepest value on the way that can be found: names may
// have been folded or interpolated since. It returns 0 when there is nothing.
func (s source) line(path []any) int {
	node := s.root
	if node == nil && s.json != nil {
		node = new(yaml.Node)
		if err := yaml.Unmarshal(s.json, node); err != nil {
			return 0
		}
	}
	if node == nil || len(path) == 0 {
		return 0
	}
	if s.bareList && path[0] == "steps" {
		path = path[1:]
	}
	line := 0
	for node = resolve(node); node != nil && len(path) > 0; path = path[1:] {
		var at int
		node, at = childNode(node, path[0])
		if at > 0 {
			line = at
		}
		node = resolve(node)
	}
	return line
}

// resolve follows documents and aliases.
func resolve(n *yaml.Node) *yaml.Node {
	for n != nil {
		switch {
		case n.Kind == yaml.AliasNode:
			n = n.Alias
		case n.Kind == yaml.DocumentNode && len(n.Content) == 1:
			n = n.Content[0]
		default:
			return n
		}
	}
	return nil
}

// childNode returns one entry of a list or mapping and its line. Of a key written twice the last counts.
func childNode(n *yaml.Node, element any) (*yaml.Node, int) {
	switch key := element.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && key < len(n.Content) {
			return n.Content[key], n.Content[key].Line
		}
	case string:
		if n.Kind != yaml.MappingNode {
			return nil, 0
		}
		for _, name := range spellings(key) {
			if value, line := lookUp(n, name); value != nil {
				return value, line
			}
		}
		// A nested form: `command: {label: …}`.
		for _, name := range typeKeys {
			if inner, _ := lookUp(n, name); inner != nil && resolve(inner).Kind == yaml.MappingNode {
				for _, name := range spellings(key) {
					if value, line := lookUp(resolve(inner), name); value != nil {
						return value, line
					}
				}
			}
		}
	}
	return nil, 0
}

// lookUp finds a key of a mapping node, in merged mappings too, down to a fixed depth of merges.
func lookUp(n *yaml.Node, name string) (*yaml.Node, int) {
	return lookUpMerged(n, name, 4)
}

func lookUpMerged(n *yaml.Node, name string, depth int) (*yaml.Node, int) {
	for i := len(n.Content) - 2; i >= 0; i -= 2 {
		if key := n.Content[i]; key.Value == name && key.Tag != "!!merge" {
			return n.Content[i+1], key.Line
		}
	}
	if depth == 0 {
		return nil, 0
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag != "!!merge" {
			continue
		}
		merged := resolve(n.Content[i+1])
		parts := []*yaml.Node{merged}
		if merged.Kind == yaml.SequenceNode {
			parts = merged.Content
		}
		for _, part := range parts {
			if part = resolve(part); part.Kind == yaml.MappingNode {
				if value, line := lookUpMerged(part, name, depth-1); value != nil {
					return value, line
				}
			}
		}
	}
	return nil, 0
}
