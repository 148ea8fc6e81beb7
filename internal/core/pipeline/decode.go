package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
	"gopkg.in/yaml.v3"
)

// decode turns a document into nested *ordered.MapSA, []any and scalars.
//
// JSON is read as JSON and not as the YAML it nearly is: YAML refuses the surrogate escapes that many JSON writers
// emit.
func decode(doc []byte, limits Limits) (any, source, error) {
	if start := bytes.TrimLeft(doc, " \t\r\n"); len(start) > 0 && (start[0] == '{' || start[0] == '[') && json.Valid(doc) {
		value, err := decodeJSON(doc, limits)
		return value, source{json: doc}, err
	}
	node := new(yaml.Node)
	if err := yaml.NewDecoder(bytes.NewReader(doc)).Decode(node); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, source{}, nil
		}
		return nil, source{}, yamlError(err)
	}
	if err := checkNodes(node, limits); err != nil {
		return nil, source{}, err
	}
	value, err := ordered.DecodeYAML(node)
	if err != nil {
		return nil, source{}, yamlError(err)
	}
	return value, source{root: node}, nil
}

var yamlLine = regexp.MustCompile(`^line (\d+)(?:, col \d+)?: `)

// yamlError moves the line out of the text of a YAML error.
func yamlError(err error) *Error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &Error{}
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	e.Message = "The pipeline is not valid YAML: " + text
	return e
}

// decodeJSON decodes valid JSON.
func decodeJSON(doc []byte, limits Limits) (any, error) {
	if err := checkJSON(doc, limits); err != nil {
		return nil, err
	}
	value, err := ordered.DecodeJSON(doc)
	if err != nil {
		return nil, refuse("The pipeline is not valid JSON: %s", err)
	}
	return value, nil
}

// checkJSON applies the limits before anything is built: the decoder recurses.
func checkJSON(doc []byte, limits Limits) error {
	depth, values, quoted := 0, 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			values++
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		if depth > limits.Nesting {
			return tooDeep(limits)
		}
		if values > limits.Values {
			return tooMany(limits)
		}
	}
	return nil
}

func tooDeep(limits Limits) *Error {
	return refuse("The pipeline nests too deep: the maximum is %d levels", limits.Nesting)
}

func tooMany(limits Limits) *Error {
	return refuse("The pipeline has too many values: the maximum is %d, aliases counted wherever they are used", limits.Values)
}

// checkNodes applies the limits to a YAML document as it will be with its aliases followed, and turns scalars that
// JSON cannot hold (dates, binary, infinities) into the text they were written as.
func checkNodes(root *yaml.Node, limits Limits) error {
	c := nodeChecker{limits: limits, seen: map[*yaml.Node]extent{}}
	e, err := c.measure(root)
	switch {
	case err != nil:
		return err
	case e.depth > limits.Nesting+1: // the document is a level of its own
		return tooDeep(limits)
	case e.bytes > limits.DocumentBytes:
		return refuse("The pipeline is too large: the maximum is %d bytes, aliases counted wherever they are used", limits.DocumentBytes)
	case e.values > limits.Values:
		return tooMany(limits)
	}
	return nil
}

// extent is how much a node stands for.
type extent struct{ depth, values, bytes int }

type nodeChecker struct {
	limits Limits
	// seen holds finished nodes, and unfinished ones with a negative depth.
	seen map[*yaml.Node]extent
}

func (c *nodeChecker) measure(n *yaml.Node) (extent, error) {
	if e, ok := c.seen[n]; ok {
		if e.depth < 0 {
			return extent{}, &Error{Message: "An alias stands inside the value it names", Line: n.Line}
		}
		return e, nil
	}
	c.seen[n] = extent{depth: -1}
	if n.Kind == yaml.ScalarNode {
		keepText(n)
	}
	total := extent{values: 1, bytes: len(n.Value)}
	children := n.Content
	if n.Kind == yaml.AliasNode {
		children = []*yaml.Node{n.Alias}
	}
	for _, child := range children {
		e, err := c.measure(child)
		if err != nil {
			return extent{}, err
		}
		total.depth = max(total.depth, e.depth)
		// Saturate: aliases of aliases grow without bound.
		total.values = min(total.values+e.values, c.limits.Values+1)
		total.bytes = min(total.bytes+e.bytes, c.limits.DocumentBytes+1)
	}
	if n.Kind != yaml.ScalarNode && n.Kind != yaml.AliasNode {
		total.depth++
	}
	c.seen[n] = total
	return total, nil
}

func keepText(n *yaml.Node) {
	switch n.ShortTag() {
	case "!!timestamp", "!!binary":
		n.Tag = "!!str"
	case "!!float":
		var f float64
		if err := n.Decode(&f); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			n.Tag = "!!str"
		}
	}
}
