package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
)

// Only cuts a pipeline file down to the step with a key and the steps that it depends on by `depends_on`, directly or
// through others. Waits, blocks and the order of the list are left aside: who asks for one step does not want what
// merely stands before it. A group comes with all its steps when it is named itself, else with those of its steps that
// are needed; what a group depends on is needed by its steps. The rest of the document stays as it is. The result is
// JSON, which agents read as well.
func Only(file string, data []byte, key string) ([]byte, error) {
	top, err := decode(data)
	if errors.Is(err, errSeveral) {
		return nil, fmt.Errorf("--step %s: %s holds several documents; --step needs one", key, file)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	steps, err := stepsOf(top)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	c := collection{byKey: map[string]*entry{}, of: map[*ordered.MapSA]*entry{}}
	c.add(steps, nil)
	if c.byKey[key] == nil {
		return nil, fmt.Errorf("--step %s: no step of %s has that key; %s", key, file, c.known())
	}
	if err := c.need(key); err != nil {
		return nil, fmt.Errorf("--step %s: %w", key, err)
	}
	top.Set("steps", c.kept(steps))
	return json.Marshal(top)
}

// entry is a step of the document.
type entry struct {
	key       string
	dependsOn []string
	group     *entry
	children  []*entry
	needed    bool
}

type collection struct {
	entries []*entry
	byKey   map[string]*entry
	of      map[*ordered.MapSA]*entry
}

func (c *collection) add(steps []any, group *entry) {
	for _, step := range steps {
		m, ok := step.(*ordered.MapSA)
		if !ok {
			continue // a step of one word, which has no key
		}
		e := &entry{key: keyOf(m), dependsOn: dependencies(m), group: group}
		c.entries = append(c.entries, e)
		c.of[m] = e
		if e.key != "" && c.byKey[e.key] == nil {
			c.byKey[e.key] = e
		}
		if group != nil {
			group.children = append(group.children, e)
		} else if children, err := stepsOf(m); err == nil && m.Contains("group") {
			c.add(children, e)
		}
	}
}

// need marks the step with a key, which there is, and all it depends on.
func (c *collection) need(key string) error { return c.needEntry(c.byKey[key], true) }

// needEntry marks a step and all it depends on; of a group all its steps only when it is needed as a whole.
func (c *collection) needEntry(e *entry, whole bool) error {
	if !e.needed {
		e.needed = true
		for _, key := range e.dependsOn {
			if c.byKey[key] == nil {
				return fmt.Errorf("it depends on %q, which no step of the file has as its key", key)
			}
			if err := c.need(key); err != nil {
				return err
			}
		}
		if e.group != nil {
			if err := c.needEntry(e.group, false); err != nil {
				return err
			}
		}
	}
	if !whole {
		return nil
	}
	for _, child := range e.children {
		if child.needed {
			continue
		}
		if err := c.needEntry(child, true); err != nil {
			return err
		}
	}
	return nil
}

// kept returns the needed ones of a list of steps.
func (c *collection) kept(steps []any) []any {
	kept := []any{}
	for _, step := range steps {
		m, ok := step.(*ordered.MapSA)
		if !ok || !c.of[m].needed {
			continue
		}
		if children, err := stepsOf(m); err == nil && m.Contains("group") {
			m.Set("steps", c.kept(children))
		}
		kept = append(kept, m)
	}
	return kept
}

// known lists the keys for an error.
func (c *collection) known() string {
	var keys []string
	for _, e := range c.entries {
		if e.key != "" {
			keys = append(keys, e.key)
		}
	}
	if len(keys) == 0 {
		return "give the step a `key` first"
	}
	return "it has " + strings.Join(keys, ", ")
}

// keyOf returns a step's key under any of its names, also in a nested form such as `command: {key: …}`.
func keyOf(m *ordered.MapSA) string {
	for _, name := range []string{"key", "identifier", "id"} {
		if v, ok := attribute(m, name); ok && v != nil {
			return fmt.Sprint(v)
		}
	}
	return ""
}

// dependencies returns the keys of a `depends_on` in any of its forms (docs/contract/pipelines.md, section 2.2).
func dependencies(m *ordered.MapSA) []string {
	value, _ := attribute(m, "depends_on")
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var keys []string
	for _, item := range list {
		if named, ok := item.(*ordered.MapSA); ok {
			item, _ = named.Get("step")
		}
		if item != nil {
			keys = append(keys, fmt.Sprint(item))
		}
	}
	return keys
}

// attribute looks a name up in the step and in its nested form.
func attribute(m *ordered.MapSA, name string) (any, bool) {
	for _, kind := range []string{"command", "wait", "block", "input", "trigger"} {
		inner, _ := m.Get(kind)
		if nested, ok := inner.(*ordered.MapSA); ok {
			if v, ok := nested.Get(name); ok {
				return v, true
			}
		}
	}
	return m.Get(name)
}
