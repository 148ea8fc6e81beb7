package pipeline

import (
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
	"github.com/buildkite/interpolate"
)

// maxExpansionNesting bounds `${A:-${B:-…}}`: the parser recurses, and looks twice at what is escaped.
const maxExpansionNesting = 6

// topLevelNames are the keys that mean something; others hold anchors and are not expanded.
var topLevelNames = []string{"agents", "notify", "image", "secrets", "priority", "checkout", "cache", "steps"}

// interpolateDocument returns a copy of the document with its variables expanded, keys and values, but for
// signatures (docs/contract/pipelines.md, section 16.2).
//
// The document's own env is expanded first, from top to bottom, earlier entries being visible to later ones. A name
// that lookup knows keeps lookup's value: a build's env is stronger than the document's (section 16.1).
func interpolateDocument(top *ordered.MapSA, lookup func(string) (string, bool), limits Limits) (*ordered.MapSA, error) {
	in := &interpolator{lookup: lookup, own: map[string]string{}, budget: limits.DocumentBytes}
	expanded := ordered.NewMap[string, any](top.Len())
	if env, ok := top.Get("env"); ok {
		value, err := in.env(env)
		if err != nil {
			return nil, within(err, "env")
		}
		expanded.Set("env", value)
	}
	for _, name := range topLevelNames {
		v, ok := top.Get(name)
		if !ok {
			continue
		}
		value, err := in.value(v)
		if err != nil {
			return nil, within(err, name)
		}
		expanded.Set(name, value)
	}
	return expanded, nil
}

type interpolator struct {
	lookup func(string) (string, bool)
	own    map[string]string
	// budget is how many bytes the document may still grow to.
	budget int
}

// Get answers the expansion: what lookup knows goes before the document's own env.
func (in *interpolator) Get(name string) (string, bool) {
	if value, ok := in.lookup(name); ok {
		return value, true
	}
	value, ok := in.own[name]
	return value, ok
}

// env expands the document's env entry by entry; a shape that is none is left to the compiler to refuse.
func (in *interpolator) env(v any) (any, error) {
	m, ok := v.(*ordered.MapSA)
	if !ok {
		return v, nil
	}
	expanded := ordered.NewMap[string, any](m.Len())
	for name, value := range m.All {
		key, err := in.text(name)
		if err != nil {
			return nil, within(err, name)
		}
		value, err := in.value(value)
		if err != nil {
			return nil, within(err, name)
		}
		expanded.Set(key, value)
		if text, ok := scalarText(value); ok {
			in.own[key] = text
		}
	}
	return expanded, nil
}

// value expands all strings of a value.
func (in *interpolator) value(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return in.text(v)
	case []any:
		expanded := make([]any, len(v))
		for i, item := range v {
			var err error
			if expanded[i], err = in.value(item); err != nil {
				return nil, within(err, i)
			}
		}
		return expanded, nil
	case *ordered.MapSA:
		expanded := ordered.NewMap[string, any](v.Len())
		for name, item := range v.All {
			if err := in.entry(expanded, name, item); err != nil {
				return nil, within(err, name)
			}
		}
		return expanded, nil
	}
	return v, nil
}

func (in *interpolator) entry(into *ordered.MapSA, name string, item any) error {
	if name == "signature" {
		into.Set(name, item)
		return nil
	}
	key, err := in.text(name)
	if err != nil {
		return err
	}
	value, err := in.value(item)
	if err != nil {
		return err
	}
	into.Set(key, value)
	return nil
}

// text expands one string.
func (in *interpolator) text(s string) (string, error) {
	if !strings.Contains(s, "$") {
		return s, in.spend(len(s))
	}
	if nestsTooDeep(s) {
		return "", refuse("Variables with defaults nest too deep: the maximum is %d levels", maxExpansionNesting)
	}
	expr, err := interpolate.NewParser(s).Parse()
	if err != nil {
		return "", refuse("%q cannot be expanded: %s", clip(s), err)
	}
	// What the variables could expand to is counted before it is built.
	size := len(s)
	for _, name := range expr.Identifiers() {
		value, _ := in.Get(name)
		size += len(value)
	}
	if err := in.spend(size); err != nil {
		return "", err
	}
	expanded, err := expr.Expand(in)
	if err != nil {
		return "", refuse("%s", err)
	}
	return expanded, nil
}

func (in *interpolator) spend(bytes int) error {
	if in.budget -= bytes; in.budget < 0 {
		return refuse("The pipeline is too large once its variables are expanded")
	}
	return nil
}

// nestsTooDeep counts the braces that are open at once.
func nestsTooDeep(s string) bool {
	depth := 0
	for i := range len(s) {
		switch {
		case s[i] == '{' && i > 0 && s[i-1] == '$':
			depth++
		case s[i] == '}':
			depth = max(0, depth-1)
		}
		if depth > maxExpansionNesting {
			return true
		}
	}
	return false
}
