package pipeline

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
)

// Flags of the agent that hold where `checkout.depth` has nothing else to be added to.
const (
	agentCloneFlags = "-v"
	agentFetchFlags = "-v --prune"
)

var commitVerifications = []string{"strict", "warn", "off"}

// checkoutFlags are the keys of `checkout.flags` and the variables they set.
var checkoutFlags = []struct{ name, variable string }{
	{"clone", "BUILDKITE_GIT_CLONE_FLAGS"},
	{"fetch", "BUILDKITE_GIT_FETCH_FLAGS"},
	{"checkout", "BUILDKITE_GIT_CHECKOUT_FLAGS"},
	{"clean", "BUILDKITE_GIT_CLEAN_FLAGS"},
}

// readCheckout checks `checkout` and returns a copy of it with its values in the types the agent reads, nil when there
// is none.
func readCheckout(r *reader) *ordered.MapSA {
	if b, ok := r.value("checkout").(bool); ok {
		r.fail(refuse("`checkout` can't be %t: use `checkout: { skip: %t }`", b, !b), "checkout")
		return nil
	}
	m := r.mapping("checkout")
	if m == nil {
		return nil
	}
	in := &reader{values: copyMap(m)}
	in.only("`checkout`", "skip", "submodules", "lfs", "depth", "flags", "sparse", "commit_verification", "ssh_secret")
	for name := range m.All {
		if in.value(name) == nil {
			in.values.Delete(name)
			continue
		}
		in.values.Set(name, checkoutValue(in, name))
	}
	r.fail(in.err, "checkout")
	return in.values
}

// checkoutValue reads one key of a checkout.
func checkoutValue(r *reader, name string) any {
	switch name {
	case "depth":
		return r.integer(name, 1, 1)
	case "commit_verification":
		return oneOf(r, name, commitVerifications...)
	case "ssh_secret":
		return r.text(name)
	case "sparse":
		return checkoutSparse(r)
	case "flags":
		return readFlags(r)
	}
	return r.boolean(name, false)
}

func checkoutSparse(r *reader) *ordered.MapSA {
	m := r.mapping("sparse")
	sparse := &reader{values: copyMap(m)}
	sparse.only("`sparse` of `checkout`", "paths")
	paths := []any{}
	for _, path := range sparse.texts("paths") {
		paths = append(paths, path)
	}
	sparse.values.Set("paths", paths)
	r.fail(sparse.err, "sparse")
	return sparse.values
}

// readFlags reads `flags`. They are strings and nothing else: `clone: true` would be a flag "true".
func readFlags(r *reader) *ordered.MapSA {
	m := r.mapping("flags")
	names := make([]string, len(checkoutFlags))
	flags := &reader{values: copyMap(m)}
	for i, flag := range checkoutFlags {
		names[i] = flag.name
		if v := flags.value(flag.name); v == nil {
			flags.values.Delete(flag.name)
		} else if _, ok := v.(string); !ok {
			flags.fail(refuse("`%s` must be a string of flags, but it is %s", flag.name, noun(v)), flag.name)
		}
	}
	flags.only("`flags` of `checkout`", names...)
	r.fail(flags.err, "flags")
	return flags.values
}

// oneOf reads a word of a closed set, "" when absent.
func oneOf(r *reader, name string, words ...string) string {
	text := r.text(name)
	for _, w := range words {
		if text == w {
			return text
		}
	}
	if r.value(name) != nil {
		r.fail(refuse("`%s` must be one of %s, but it is %s", name, strings.Join(words, ", "), noun(r.value(name))), name)
	}
	return ""
}

// mergeCheckout fills the step's checkout with the document's, per key and per key of `flags`, and writes it back.
func (c *compiler) mergeCheckout(r *reader) {
	merged := copyMap(readCheckout(r))
	if merged.Len() == 0 && c.defaults.checkout.Len() == 0 {
		r.values.Delete("checkout")
		return
	}
	for name, v := range c.defaults.checkout.All {
		ownFlags, _ := merged.Get(name)
		switch flags, isMap := ownFlags.(*ordered.MapSA); {
		case ownFlags == nil:
			merged.Set(name, v)
		case name == "flags" && isMap:
			merged.Set(name, fill(flags, v))
		}
	}
	r.values.Set("checkout", merged)
}

// fill returns a copy of m with the entries of from that m lacks.
func fill(m *ordered.MapSA, from any) *ordered.MapSA {
	filled := copyMap(m)
	if defaults, ok := from.(*ordered.MapSA); ok {
		for name, v := range defaults.All {
			if !filled.Contains(name) {
				filled.Set(name, v)
			}
		}
	}
	return filled
}

// copyMap copies one level; a nil map gives an empty one.
func copyMap(m *ordered.MapSA) *ordered.MapSA {
	c := ordered.NewMap[string, any](m.Len())
	if m != nil {
		for name, v := range m.All {
			c.Set(name, v)
		}
	}
	return c
}

// sshSecret returns the key of the secret the checkout's SSH key is in.
func sshSecret(r *reader) string {
	m := r.mapping("checkout")
	if m == nil {
		return ""
	}
	in := &reader{values: m}
	return in.text("ssh_secret")
}

// extraEnv is what `image` and `checkout` set in a job's environment (docs/contract/pipelines.md, section 2.3). Where
// the step's env may override, the variable is left out when env has it.
func (c *compiler) extraEnv(r *reader, env map[string]string) map[string]string {
	extra := map[string]string{}
	image := r.text("image")
	if image == "" {
		image = c.defaults.image
	}
	if image != "" {
		extra["BUILDKITE_IMAGE"] = image
	}
	if m := r.mapping("checkout"); m != nil {
		checkoutEnv(&reader{values: m}, env, extra)
	}
	return extra
}

func checkoutEnv(r *reader, env, extra map[string]string) {
	for name, variable := range map[string]string{
		"skip": "BUILDKITE_SKIP_CHECKOUT", "submodules": "BUILDKITE_GIT_SUBMODULES", "lfs": "BUILDKITE_GIT_LFS_ENABLED",
	} {
		if r.value(name) != nil {
			extra[variable] = strconv.FormatBool(r.boolean(name, false))
		}
	}
	weak := map[string]string{}
	if m := r.mapping("flags"); m != nil {
		flags := &reader{values: m}
		for _, f := range checkoutFlags {
			if flags.value(f.name) != nil {
				weak[f.variable] = flags.text(f.name)
			}
		}
	}
	if m := r.mapping("sparse"); m != nil {
		sparse := &reader{values: m}
		if paths := sparse.texts("paths"); len(paths) > 0 {
			weak["BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS"] = strings.Join(paths, ",")
		}
	}
	if word := r.text("commit_verification"); word != "" {
		weak["BUILDKITE_GIT_COMMIT_VERIFICATION"] = word
	}
	for variable, value := range weak {
		if _, own := env[variable]; !own {
			extra[variable] = value
		}
	}
	if r.value("depth") != nil {
		depth := fmt.Sprintf("--depth=%d", r.integer("depth", 1, 1))
		addFlag(env, extra, "BUILDKITE_GIT_CLONE_FLAGS", agentCloneFlags, depth)
		addFlag(env, extra, "BUILDKITE_GIT_FETCH_FLAGS", agentFetchFlags, depth)
	}
}

// addFlag appends a flag to what the job would have for variable.
func addFlag(env, extra map[string]string, variable, fallback, flag string) {
	flags, ok := extra[variable]
	if !ok {
		flags, ok = env[variable]
	}
	if !ok {
		flags = fallback
	}
	extra[variable] = strings.TrimSpace(flags + " " + flag)
}
