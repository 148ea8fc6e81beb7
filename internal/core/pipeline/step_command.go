package pipeline

import (
	"encoding/json"
	"maps"
	"strings"

	gopipeline "github.com/buildkite/go-pipeline"
	"github.com/buildkite/go-pipeline/ordered"
)

// commandStep reads a command step, and puts what it normalized back into the step's values for Raw.
func (c *compiler) commandStep(r *reader, step *Step) {
	plugins := readPlugins(r)
	cmd := &Command{
		Command:              commandText(r),
		Agents:               c.agents(r),
		ArtifactPaths:        strings.Join(r.texts("artifact_paths"), ";"),
		Env:                  r.environment("env"),
		Priority:             anyInteger(r, "priority", c.defaults.priority),
		Retry:                c.retry(r),
		SoftFail:             c.softFail(r),
		TimeoutMinutes:       c.timeout(r),
		CancelOnBuildFailing: r.boolean("cancel_on_build_failing", false),
		Concurrency:          c.concurrency(r),
		Signature:            signature(r),
	}
	step.Notify = c.notifications(r, notifyStep)
	step.Command = cmd
	if plugins == nil && !r.values.Contains("command") {
		r.fail(refuse("A `command` step must have a `command` or `plugins`"))
	}
	normalizeEnv(r, cmd.Env)
	c.mergeCache(r)
	c.mergeCheckout(r)
	c.mergeSecrets(r)
	matrix := c.readMatrix(r)
	if r.err != nil {
		return
	}
	cmd.Plugins = pluginsJSON(plugins)
	if r.draft {
		cmd.Plugins = writtenPlugins(plugins)
	}
	cmd.Matrix = matrix.written
	extra := c.extraEnv(r, cmd.Env)
	base := JobSpec{
		Label:    step.Label,
		Command:  cmd.Command,
		Env:      withExtra(cmd.Env, extra),
		Agents:   cmd.Agents,
		Plugins:  cmd.Plugins,
		SoftFail: cmd.SoftFail,
	}
	if matrix.combinations == nil {
		cmd.Jobs = c.parallel(r, step, base)
		return
	}
	if r.value("parallelism") != nil {
		r.fail(refuse("`matrix` and `parallelism` can't be used together on one step"), "parallelism")
		return
	}
	cmd.Jobs = c.matrixJobs(r, base, cmd.Env, extra, plugins, matrix)
	if len(cmd.Jobs) == 0 {
		// Every combination is skipped.
		exclusion{broken: true}.mark(step)
	}
}

// commandText joins the command's lines and writes them back. A step may do without a command when it has plugins, or
// by an empty one.
func commandText(r *reader) string {
	text := strings.Join(r.texts("command"), "\n")
	if r.values.Contains("command") {
		r.values.Set("command", text)
	}
	return text
}

// timeout reads `timeout_in_minutes`, 0 when there is none.
func (c *compiler) timeout(r *reader) int {
	const name = "timeout_in_minutes"
	minutes := r.integer(name, 1, 0)
	if minutes > c.limits.TimeoutMinutes {
		r.fail(refuse("`%s` must be at most %d, but it is %d", name, c.limits.TimeoutMinutes, minutes), name)
	}
	return minutes
}

// agents are the step's own query rules, or else the document's as a whole (docs/contract/pipelines.md, section 33).
func (c *compiler) agents(r *reader) []string {
	if r.value("agents") == nil {
		return c.defaults.agents
	}
	return agentRules(r)
}

// agentRules reads `agents`: a mapping of tags, or a list of `tag=value`.
func agentRules(r *reader) []string {
	switch v := r.value("agents").(type) {
	case nil:
		return nil
	case []any:
		return r.texts("agents")
	case *ordered.MapSA:
		rules := make([]string, 0, v.Len())
		for tag, value := range v.All {
			text, ok := scalarText(value)
			if !ok {
				r.fail(refuse("`agents` must map tags to plain values, but `%s` is %s", clip(tag), noun(value)), "agents", tag)
			}
			rules = append(rules, tag+"="+text)
		}
		return rules
	default:
		r.fail(refuse("`agents` must be a mapping of tags or a list of `tag=value`, but it is %s", noun(v)), "agents")
		return nil
	}
}

// signature returns the agent's signature as it came.
func signature(r *reader) json.RawMessage {
	m := r.mapping("signature")
	if m == nil {
		return nil
	}
	// The agent cannot read a job whose signature has another shape.
	s := &reader{values: m}
	s.noBlankName()
	s.text("algorithm")
	s.text("value")
	s.texts("signed_fields")
	r.fail(s.err, "signature")
	text, err := json.Marshal(m)
	if err != nil {
		r.fail(refuse("`signature` cannot be kept as JSON: %s", err), "signature")
	}
	return text
}

// normalizeEnv writes env back as strings: the agent signs and compares strings.
func normalizeEnv(r *reader, env map[string]string) {
	m := r.mapping("env")
	if m == nil {
		return
	}
	texts := ordered.NewMap[string, any](m.Len())
	for name := range m.All {
		texts.Set(name, env[name])
	}
	r.values.Set("env", texts)
}

// readPlugins brings `plugins` into the long form and writes it back (docs/contract/pipelines.md, section 2.8).
func readPlugins(r *reader) gopipeline.Plugins {
	v := r.value("plugins")
	list, _ := v.([]any)
	for i, item := range list {
		switch item.(type) {
		case string, *ordered.MapSA:
		default:
			r.fail(refuse("Each of the `plugins` must be a name or a mapping of a name to its configuration, but it is %s", noun(item)), "plugins", i)
			return nil
		}
	}
	var plugins gopipeline.Plugins
	if err := plugins.UnmarshalOrdered(v); err != nil {
		r.fail(refuse("`plugins` must be a list of plugins, but it is %s", noun(v)), "plugins")
		return nil
	}
	for _, p := range plugins {
		if strings.TrimSpace(p.Source) == "" {
			r.fail(refuse("`plugins` has a plugin without a name"), "plugins")
			return nil
		}
		if !r.draft {
			p.Source = p.FullSource()
		}
	}
	if len(plugins) == 0 {
		r.values.Delete("plugins")
		return nil
	}
	r.values.Set("plugins", pluginsJSON(plugins))
	return plugins
}

// writtenPlugins renders plugins under the names they were given, for people, nil when there are none.
func writtenPlugins(plugins gopipeline.Plugins) json.RawMessage {
	if len(plugins) == 0 {
		return nil
	}
	list := make([]map[string]any, len(plugins))
	for i, p := range plugins {
		list[i] = map[string]any{p.Source: p.Config}
	}
	return mustJSON(list)
}

// pluginsJSON renders plugins for the agent, nil when there are none.
func pluginsJSON(plugins gopipeline.Plugins) json.RawMessage {
	if len(plugins) == 0 {
		return nil
	}
	return mustJSON(plugins)
}

// mustJSON renders plugins, in whatever form.
func mustJSON(plugins any) json.RawMessage {
	text, err := json.Marshal(plugins)
	if err != nil {
		// Configurations come from JSON, or from YAML without what JSON lacks (checkNodes).
		panic("pipeline: plugins are not JSON: " + err.Error())
	}
	return text
}

// withExtra returns env with what the step's other attributes add; the additions win.
func withExtra(env, extra map[string]string) map[string]string {
	if len(extra) == 0 {
		return env
	}
	all := maps.Clone(env)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, extra)
	return all
}
