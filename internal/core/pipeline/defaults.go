package pipeline

import "github.com/buildkite/go-pipeline/ordered"

// defaults are the top-level values that command steps fall back to (docs/contract/pipelines.md, section 2.9).
type defaults struct {
	agents   []string
	image    string
	priority int
	secrets  []secret
	checkout *ordered.MapSA
}

// readTop reads the document's own attributes and returns its env. Unknown ones are ignored: they hold anchors.
func (c *compiler) readTop(top *ordered.MapSA) (map[string]string, error) {
	r := &reader{values: top}
	for _, u := range unsupportedAttributes {
		if u.top && r.value(u.name) != nil {
			r.fail(u.refusal(), u.name)
		}
	}
	env := r.environment("env")
	c.defaults = defaults{
		agents:   agentRules(r),
		image:    r.text("image"),
		priority: anyInteger(r, "priority", 0),
		secrets:  c.readSecrets(r),
		checkout: readCheckout(r),
	}
	if m := c.defaults.checkout; m != nil && m.Contains("ssh_secret") {
		// A secret is a step's own (docs/contract/pipelines.md, section 1).
		m.Delete("ssh_secret")
	}
	return env, r.err
}
