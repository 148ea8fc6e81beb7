package pipeline

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
)

// typeKeys are the keys that tell the kind of a step without `type`, in the order in which they are looked for
// (docs/contract/pipelines.md, section 2.1). `script` is last of the command's: it is an alias that the agent does
// not infer from.
var typeKeys = []string{
	"command", "commands", "plugins", "script", "wait", "waiter", "block", "input", "manual", "trigger", "group",
}

// kindByName is what a type key, a `type` or a step of a single word means.
var kindByName = map[string]Kind{
	"command": KindCommand, "commands": KindCommand, "script": KindCommand, "plugins": KindCommand,
	"wait": KindWait, "waiter": KindWait,
	"block": KindBlock, "manual": KindBlock,
	"input":   KindInput,
	"trigger": KindTrigger,
	"group":   KindGroup,
}

const unsupportedType = "One of the steps you provided was invalid: can't be blank, The step type supplied is not supported"

// normalize brings a step into its one form: a new mapping with nested forms flattened, aliases under their first
// name, and no `type`. It refuses unknown attributes.
func normalize(step any, o Options) (Kind, *ordered.MapSA, error) {
	switch step := step.(type) {
	case string:
		switch kind := kindByName[step]; kind {
		case KindWait, KindBlock, KindInput:
			return kind, ordered.MapFromItems(ordered.TupleSA{Key: string(kind)}), nil
		}
		return "", nil, refuse(unsupportedType)
	case *ordered.MapSA:
		kind, err := kindOf(step)
		if err != nil {
			return "", nil, err
		}
		m, err := foldAliases(kind, flatten(kind, step), o)
		return kind, m, err
	}
	return "", nil, missingType(step)
}

// kindOf recognises the kind of a step.
func kindOf(step *ordered.MapSA) (Kind, error) {
	if v, ok := step.Get("type"); ok && v != nil {
		name, ok := v.(string)
		kind := kindByName[name]
		if !ok || kind == "" || name == "plugins" {
			return "", within(refuse(unsupportedType), "type")
		}
		return kind, nil
	}
	for _, name := range typeKeys {
		if step.Contains(name) {
			return kindByName[name], nil
		}
	}
	return "", missingType(step)
}

func missingType(step any) *Error {
	text, err := json.Marshal(step)
	if err != nil {
		text = []byte("null")
	}
	return refuse("Step is missing a type `%s`", clip(string(text)))
}

// flatten lifts the attributes of a nested form (`command: {label: …}`) into the step; the inner ones win.
func flatten(kind Kind, step *ordered.MapSA) *ordered.MapSA {
	flat := ordered.NewMap[string, any](step.Len())
	var inner []*ordered.MapSA
	for name, v := range step.All {
		m, nested := v.(*ordered.MapSA)
		if nested && kindByName[name] == kind && name != "plugins" && kind != KindGroup {
			inner = append(inner, m)
			continue
		}
		flat.Set(name, v)
	}
	for _, m := range inner {
		for name, v := range m.All {
			flat.Set(name, v)
		}
	}
	return flat
}

// foldAliases renames attributes to their first name. Where several names of one attribute are written, the strongest
// that is not null wins.
func foldAliases(kind Kind, step *ordered.MapSA, o Options) (*ordered.MapSA, error) {
	known := spellingsByKind[kind]
	folded := ordered.NewMap[string, any](step.Len())
	strength := map[string]int{}
	for name, v := range step.All {
		if err := checkName(kind, name, v, o); err != nil {
			return nil, within(err, name)
		}
		s, ok := known[name]
		if !ok {
			continue // what is let pass without a meaning
		}
		old, written := folded.Get(s.canonical)
		if written && old != nil && (v == nil || s.strength > strength[s.canonical]) {
			continue
		}
		folded.Set(s.canonical, v)
		strength[s.canonical] = s.strength
	}
	folded.Delete("type")
	own, written := string(kind), step.Contains("type") && !folded.Contains("plugins")
	if !folded.Contains(own) && (kind != KindCommand || written) {
		// A `type` alone makes a step: one of commands leaves the command to a hook of the agent.
		folded.Set(own, nil)
	}
	return folded, nil
}

// checkName refuses what a step of the kind may not carry.
func checkName(kind Kind, name string, v any, o Options) error {
	if _, ok := spellingsByKind[kind][name]; ok {
		return nil
	}
	if name == "if_changed" && slices.Contains(skippable, kind) {
		return checkIfChanged(v, o)
	}
	if o.Draft && strings.Contains(name, "$") {
		return nil
	}
	return unknownProperty(kind, name)
}
