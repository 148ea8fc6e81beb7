package pipeline

import (
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/buildkite/go-pipeline/ordered"

	"github.com/bridle-ci/bridle/internal/core/branches"
)

// common reads what steps of every kind may have.
func (c *compiler) common(r *reader, step *Step) {
	step.Key = c.key(r)
	step.Label = r.plainText("label")
	step.If = r.text("if")
	patterns := r.texts("branches")
	step.Branches = strings.Join(patterns, " ")
	if strings.TrimSpace(step.If) != "" && strings.TrimSpace(step.Branches) != "" {
		r.fail(refuse("`if` and `branches` can't be used together on one step: write the branch into the condition, such as `build.branch == \"main\"`"), "branches")
	}
	step.DependsOn = c.dependsOn(r)
	step.AllowDependencyFailure = r.boolean("allow_dependency_failure", false)
}

var (
	// The union of what the published sources allow (docs/contract/pipelines.md, section 2.10).
	keyCharacters = regexp.MustCompile(`^[a-zA-Z0-9_\-:.,/]+$`)
	uuidPattern   = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
)

// key reads and claims the step's key.
func (c *compiler) key(r *reader) string {
	if r.value("key") == nil {
		return ""
	}
	key := r.plainText("key")
	switch {
	case key == "":
		r.fail(refuse("`key` can't be blank"), "key")
	case utf8.RuneCountInString(key) > c.limits.KeyLength:
		r.fail(refuse("`key` is too long. The maximum length is %d characters", c.limits.KeyLength), "key")
	case !keyCharacters.MatchString(key):
		r.fail(refuse("`key` may only contain alphanumeric characters, slashes, dashes or underscores"), "key")
	case uuidPattern.MatchString(key):
		r.fail(refuse("One of the steps you provided was invalid: Step keys can't have the same pattern as a UUID (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)"), "key")
	case c.keys[key]:
		r.fail(refuse("The key %q has already been used by another step in this build", key), "key")
	}
	c.keys[key] = true
	return key
}

// dependsOn reads every form of `depends_on`. Present and null is not the same as absent.
func (c *compiler) dependsOn(r *reader) Dependencies {
	v, written := r.values.Get("depends_on")
	deps := Dependencies{Explicit: written}
	list, isList := v.([]any)
	if !isList {
		if v == nil {
			return deps
		}
		list = []any{v}
	}
	for i, item := range list {
		path := []any{"depends_on"}
		if isList {
			path = append(path, i)
		}
		dep, err := c.dependency(item, isList)
		r.fail(err, path...)
		deps.On = append(deps.On, dep)
	}
	return deps
}

func (c *compiler) dependency(item any, inList bool) (Dependency, error) {
	dep := Dependency{}
	if m, ok := item.(*ordered.MapSA); ok && inList {
		r := &reader{values: m}
		r.only("a `depends_on` entry", "step", "allow_failure")
		dep.Key = r.text("step")
		dep.AllowFailure = r.boolean("allow_failure", false)
		if r.err != nil {
			return dep, r.err
		}
	} else if text, ok := scalarText(item); ok && item != nil {
		dep.Key = text
	} else {
		return dep, refuse("`depends_on` must be the key of a step, or a list of keys and of `{step, allow_failure}`, but it has %s", noun(item))
	}
	switch {
	case dep.Key == "":
		return dep, refuse("`depends_on` can't name a step with a blank key")
	case utf8.RuneCountInString(dep.Key) > c.limits.KeyLength:
		return dep, refuse("`step` is too long. The maximum length is %d characters", c.limits.KeyLength)
	case !keyCharacters.MatchString(dep.Key):
		return dep, refuse("`step` may only contain alphanumeric characters, slashes, dashes or underscores")
	}
	return dep, nil
}

// exclusion is why a step does not run in this build; the zero value is that it does.
type exclusion struct {
	broken bool
	reason string
	// condition says that an `if` excludes it, which goes before the other reasons of a group's children.
	condition bool
}

// mark breaks the step, unless it is broken for a reason that goes before.
func (e exclusion) mark(step *Step) {
	if e.broken && !step.Broken {
		step.Broken, step.BrokenReason = true, e.reason
	}
}

// exclude works out what the step's own configuration says about running it, and what its group says: conditions
// first, then branches, then skips (docs/contract/pipelines.md, sections 2.7 and 4.4).
func (c *compiler) exclude(r *reader, step *Step, parent *exclusion) exclusion {
	run := c.condition(r, step.If)
	matches := c.opts.Draft || strings.TrimSpace(step.Branches) == "" || branches.Match(step.Branches, c.opts.Branch)
	skip := c.skip(r)
	switch {
	case !run || parent != nil && parent.condition:
		return exclusion{broken: true, reason: BrokenConditional, condition: true}
	case !matches:
		return exclusion{broken: true, reason: BrokenBranch}
	case skip.broken:
		return skip
	case parent != nil:
		return *parent
	}
	return exclusion{}
}

// skip reads `skip`: a boolean, or a reason.
func (c *compiler) skip(r *reader) exclusion {
	v := r.value("skip")
	if v == nil || v == "" {
		return exclusion{}
	}
	if b, ok := boolOf(v); ok {
		return exclusion{broken: b}
	}
	reason, ok := v.(string)
	if !ok {
		r.fail(refuse("`skip` must be true, false or a reason, but it is %s", noun(v)), "skip")
	}
	r.fail(c.skipReason(reason), "skip")
	return exclusion{broken: true, reason: reason}
}

func (c *compiler) skipReason(reason string) error {
	if utf8.RuneCountInString(reason) > c.limits.SkipReasonLength {
		return refuse("The reason provided to `skip` is too long. The maximum length is %d characters", c.limits.SkipReasonLength)
	}
	return nil
}

// anyInteger reads a whole number of any sign that every store can hold.
func anyInteger(r *reader, name string, fallback int) int {
	n := r.integer(name, math.MinInt32, fallback)
	if n > math.MaxInt32 {
		r.fail(refuse("`%s` must be at most %d, but it is %d", name, math.MaxInt32, n), name)
	}
	return n
}
