package pipeline

import "github.com/buildkite/go-pipeline/ordered"

// defaults are what command steps fall back to (docs/contract/pipelines.md, section 2.9).
type defaults struct {
	agents   []string
	image    string
	priority int
	secrets  []secret
	checkout *ordered.MapSA
	cache    any
}

// readTop reads the document's own attributes, as far as they are the plan's, and what steps fall back to. Unknown ones
// are ignored: they hold anchors.
func (c *compiler) readTop(top *ordered.MapSA) (Plan, error) {
	r := &reader{values: top, draft: c.opts.Draft}
	plan := Plan{
		Env:    r.environment("env"),
		Agents: agentRules(r),
		Notify: c.notifications(r, notifyBuild),
	}
	c.defaults = defaults{
		agents:   plan.Agents,
		image:    r.text("image"),
		priority: anyInteger(r, "priority", 0),
		secrets:  c.readSecrets(r),
		checkout: readCheckout(r),
		cache:    readCache(r),
	}
	if plan.Agents == nil {
		c.defaults.agents = c.opts.DefaultAgents
	}
	if m := c.defaults.checkout; m != nil && m.Contains("ssh_secret") {
		// A secret is a step's own (docs/contract/pipelines.md, section 1).
		m.Delete("ssh_secret")
	}
	return plan, r.err
}
