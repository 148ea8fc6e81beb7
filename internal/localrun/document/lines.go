package document

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// lineOf returns the line of a step by its index path, such as `steps[3].steps[0]`; 0 when it is not found.
func lineOf(root *yaml.Node, path string) int {
	node, line := resolve(root), 0
	for part := range strings.SplitSeq(path, ".") {
		index, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(part, "steps["), "]"))
		if err != nil || node == nil {
			return line
		}
		if node.Kind == yaml.MappingNode {
			node = resolve(valueOf(node, "steps"))
		}
		if node == nil || node.Kind != yaml.SequenceNode || index < 0 || index >= len(node.Content) {
			return line
		}
		line = node.Content[index].Line
		node = resolve(node.Content[index])
	}
	return line
}

func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
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
