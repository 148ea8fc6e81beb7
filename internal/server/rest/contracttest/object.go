package contracttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

func (c *Checker) array(path, object string, v any) {
	items, ok := v.([]any)
	if !ok {
		c.complain(path, "is %T and no array", v)
		return
	}
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			c.complain(path, "item %d is %T and no object", i, item)
			continue
		}
		c.object(fmt.Sprintf("%s[%d]", path, i), object, m)
	}
}

func (c *Checker) object(path, name string, v map[string]any, extra ...openapi.Key) {
	keys, known := c.contract.Objects[name]
	if !known {
		c.complain(path, "the contract has no object %s", name)
		return
	}
	switch {
	case len(keys) == 1 && keys[0].OneOf != nil:
		kind, _ := v[keys[0].Key].(string)
		c.Seen[name+"."+keys[0].Key] = true
		c.object(path, keys[0].OneOf[kind], v, extra...)
	case name == "pipeline_step":
		c.step(path, v)
	case name == "provider_settings":
		c.keys(path, name, v, optional(keys))
	default:
		c.keys(path, name, v, append(slices.Clone(keys), extra...))
	}
}

// optional are keys of which each may be missing: those of the settings of a source host, since each has its own.
func optional(keys []openapi.Key) []openapi.Key {
	out := slices.Clone(keys)
	for i := range out {
		out[i].OnlyWhen = "the source host has it"
	}
	return out
}

// step checks a pipeline's step: a key that belongs to some kinds of steps is there exactly with these.
func (c *Checker) step(path string, v map[string]any) {
	kind, _ := v["type"].(string)
	var keys []openapi.Key
	for _, k := range c.contract.Objects["pipeline_step"] {
		if k.OnlyWhen == "" || strings.Contains(k.OnlyWhen, kind) {
			if k.Key != "plugins" {
				k.OnlyWhen = ""
			}
			keys = append(keys, k)
		}
	}
	c.keys(path, "pipeline_step", v, keys)
}

// keys checks an object's keys. Dotted keys are those of objects inside.
func (c *Checker) keys(path, name string, v map[string]any, keys []openapi.Key) {
	inside := map[string][]openapi.Key{}
	expected := map[string]bool{}
	for _, k := range keys {
		head, rest, nested := strings.Cut(k.Key, ".")
		expected[head] = true
		if nested {
			k.Key = rest
			inside[head] = append(inside[head], k)
			continue
		}
		value, present := v[k.Key]
		if !present {
			if k.OnlyWhen == "" && !slices.Contains(c.dropped, k.Key) {
				c.complain(path, "%s is missing", k.Key)
			}
			continue
		}
		if value != nil {
			c.Seen[name+"."+k.Key] = true
		}
		c.value(path+"."+k.Key, k, value)
	}
	for head, keys := range inside {
		m, ok := v[head].(map[string]any)
		if !ok {
			c.complain(path, "%s is %T and no object", head, v[head])
			continue
		}
		c.keys(path+"."+head, name+"."+head, m, keys)
	}
	for key := range v {
		if !expected[key] {
			c.complain(path, "%s is no key of %s", key, name)
		}
	}
}

func (c *Checker) value(path string, k openapi.Key, v any) {
	if k.Type == "any" {
		return
	}
	if v == nil {
		if !k.Nullable {
			c.complain(path, "is null")
		}
		return
	}
	switch v := v.(type) {
	case string:
		if k.Type != "string" {
			c.complain(path, "is a string and no %s", k.Type)
		}
		c.text(path, k, v)
	case float64:
		if k.Type != "integer" || v != float64(int64(v)) {
			c.complain(path, "is the number %v and no %s", v, k.Type)
		}
	case bool:
		if k.Type != "boolean" {
			c.complain(path, "is a boolean and no %s", k.Type)
		}
	case []any:
		c.items(path, k, v)
	case map[string]any:
		switch {
		case k.Type != "object" && k.Type != "map":
			c.complain(path, "is an object and no %s", k.Type)
		case k.Ref != "":
			c.object(path, k.Ref, v)
		}
	}
}

func (c *Checker) items(path string, k openapi.Key, items []any) {
	if k.Type != "array" {
		c.complain(path, "is an array and no %s", k.Type)
		return
	}
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		m, isObject := item.(map[string]any)
		switch {
		case k.Ref != "" && isObject:
			c.object(at, k.Ref, m)
		case k.Items == "any": // each list says itself of what
		case k.Ref != "" || isObject:
			c.complain(at, "is %T", item)
		default:
			c.value(at, openapi.Key{Type: k.Items}, item)
		}
	}
}

func (c *Checker) text(path string, k openapi.Key, v string) {
	if len(k.Enum) > 0 && !slices.Contains(k.Enum, v) {
		c.complain(path, "%q is none of %v", v, k.Enum)
	}
	switch k.Format {
	case "uuid":
		if _, ok := ids.ParseUUID(v); !ok {
			c.complain(path, "%q is no UUID", v)
		}
	case "graphql-id":
		if _, _, ok := ids.ParseGlobal(v); !ok {
			c.complain(path, "%q is no GraphQL id", v)
		}
	case "rfc3339":
		_, exact := time.Parse(wire.TimeLayout, v)
		if _, whole := time.Parse(time.RFC3339, v); exact != nil && (whole != nil || !strings.HasSuffix(path, "reset_at")) {
			c.complain(path, "%q is no time as the contract writes it", v)
		}
	case "url":
		if v != "" && !strings.HasPrefix(v, c.Base+"/") {
			c.complain(path, "%q does not begin with the external base", v)
		}
	}
}
