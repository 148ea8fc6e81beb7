package openapi

import (
	"slices"
	"strings"
)

// schema is a JSON Schema.
type schema map[string]any

// schemas makes schemas of the contract's keys, and remembers which objects they refer to.
type schemas struct {
	objects map[string][]Key
	// droppable are keys that a parameter of some row leaves out.
	droppable []string
	used      map[string]bool
}

// ref refers to an object.
func (s *schemas) ref(object string) schema {
	s.used[object] = true
	return schema{"$ref": "#/components/schemas/" + object}
}

// free are objects of which every key may be missing.
var free = []string{"provider_settings"} // each source host has its own

// object is the schema of an object of the contract.
func (s *schemas) object(name string) schema {
	keys := s.objects[name]
	if slices.Contains(free, name) {
		return s.of(keys, func(Key) bool { return false })
	}
	if len(keys) == 1 && keys[0].OneOf != nil {
		return s.oneOf(keys[0])
	}
	return s.of(keys, func(k Key) bool { return k.OnlyWhen == "" && !slices.Contains(s.droppable, k.Key) })
}

// oneOf is the schema of an object whose kind stands in one of its keys.
func (s *schemas) oneOf(k Key) schema {
	mapping := map[string]string{}
	var kinds []any
	for _, value := range sortedKeys(k.OneOf) {
		ref := s.ref(k.OneOf[value])
		mapping[value], _ = ref["$ref"].(string)
		kinds = append(kinds, ref)
	}
	return schema{"oneOf": kinds, "discriminator": map[string]any{"propertyName": k.Key, "mapping": mapping}}
}

// of is the schema of an object with keys, whose names may lead into objects and arrays inside: `a.b`, `a[].b`.
func (s *schemas) of(keys []Key, required func(Key) bool) schema {
	root := schema{"type": "object"}
	for _, k := range keys {
		at := root
		parts := strings.Split(k.name(), ".")
		for i, part := range parts {
			name, ofItems := strings.CutSuffix(part, "[]")
			if name == "*" || strings.HasPrefix(name, "{") { // any name
				at["additionalProperties"] = s.value(k)
				break
			}
			if i == len(parts)-1 && !ofItems {
				leaf := s.value(k)
				if known, ok := properties(at)[name].(schema); ok && (k.Type == "object" || k.Type == "array" || k.Type == "map") {
					leaf = merged(known, leaf)
				}
				properties(at)[name] = leaf
				if required(k) {
					at.require(name)
				}
				break
			}
			at = inside(at, name, ofItems)
		}
	}
	return root
}

// name is the key's name, whichever way its list has it.
func (k Key) name() string {
	if k.Key != "" {
		return k.Key
	}
	return k.Name
}

// inside returns the schema of the object at a name, or of the items of the array there.
func inside(at schema, name string, ofItems bool) schema {
	child, ok := properties(at)[name].(schema)
	if !ok {
		child = schema{"type": "object"}
		if ofItems {
			child = schema{"type": "array"}
		}
		properties(at)[name] = child
	}
	if !ofItems {
		return child
	}
	items, ok := child["items"].(schema)
	if !ok || items["type"] != "object" {
		items = schema{"type": "object"}
		child["items"] = items
	}
	return items
}

// merged keeps what is known of the inside of an object or array whose own key comes later.
func merged(known, own schema) schema {
	for _, name := range []string{"properties", "items", "required", "additionalProperties"} {
		if value, ok := known[name]; ok {
			own[name] = value
		}
	}
	return own
}

func properties(s schema) map[string]any {
	p, ok := s["properties"].(map[string]any)
	if !ok {
		p = map[string]any{}
		s["properties"] = p
	}
	return p
}

func (s schema) require(name string) {
	names, _ := s["required"].([]string)
	s["required"] = append(names, name)
}

// value is the schema of a key's value.
func (s *schemas) value(k Key) schema {
	var out schema
	switch k.Type {
	case "any":
		return described(schema{}, k)
	case "object":
		if k.Ref != "" {
			return described(nullable(s.ref(k.Ref), k.Nullable), k)
		}
		out = schema{"type": "object"}
	case "map":
		out = schema{"type": "object", "additionalProperties": s.items(k)}
	case "array":
		out = schema{"type": "array", "items": s.items(k)}
	default:
		out = scalar(k)
	}
	return described(nullable(out, k.Nullable), k)
}

// items is the schema of what an array or a map holds.
func (s *schemas) items(k Key) schema {
	switch {
	case k.Ref != "":
		return s.ref(k.Ref)
	case k.Items == "" || k.Items == "any":
		return schema{}
	case k.Items == "object":
		return schema{"type": "object"}
	}
	return scalar(Key{Type: k.Items, Format: k.Format, Enum: k.Enum, Meaning: k.Meaning})
}

// formats are the contract's names of formats that JSON Schema has a word for.
var formats = map[string]string{"uuid": "uuid", "rfc3339": "date-time", "email": "email", "url": "uri"}

// scalar is the schema of a text, number or boolean.
func scalar(k Key) schema {
	out := schema{}
	if kinds := strings.Split(k.Type, "|"); len(kinds) > 1 {
		out["type"] = kinds
	} else {
		out["type"] = k.Type
	}
	if format := formats[k.Format]; format != "" && k.Type == "string" {
		out["format"] = format
	}
	// An open set is described in words alone: clients must not break when it grows.
	if len(k.Enum) > 0 && !strings.Contains(k.Meaning, "open") {
		out["enum"] = k.Enum
	}
	if k.Default != nil {
		out["default"] = k.Default
	}
	if k.Max != nil && k.Type == "integer" {
		out["maximum"] = *k.Max
	}
	return out
}

// nullable lets a schema take null as well.
func nullable(s schema, yes bool) schema {
	if !yes {
		return s
	}
	if _, isRef := s["$ref"]; isRef {
		return schema{"anyOf": []any{s, schema{"type": "null"}}}
	}
	switch kind := s["type"].(type) {
	case string:
		s["type"] = []string{kind, "null"}
	case []string:
		s["type"] = append(slices.Clone(kind), "null")
	}
	if values, ok := s["enum"].([]string); ok {
		withNull := make([]any, 0, len(values)+1)
		for _, v := range values {
			withNull = append(withNull, v)
		}
		s["enum"] = append(withNull, nil)
	}
	return s
}

func described(s schema, k Key) schema {
	text := k.Meaning
	if k.OnlyWhen != "" {
		text += " (only there when: " + k.OnlyWhen + ")"
	}
	if text != "" {
		s["description"] = text
	}
	return s
}
