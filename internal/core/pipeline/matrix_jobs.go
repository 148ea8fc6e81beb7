package pipeline

import (
	"maps"
	"slices"
	"strings"

	gopipeline "github.com/buildkite/go-pipeline"
)

// matrixJobs makes a job for each combination, its tokens substituted as the agent does, since the agent compares the
// job with the signed step.
func (c *compiler) matrixJobs(r *reader, base JobSpec, env, extra map[string]string, plugins gopipeline.Plugins, m matrix) []JobSpec {
	var jobs []JobSpec
	if err := c.spend(len(m.combinations) * c.matrixJobSize(base)); err != nil {
		r.fail(err, "matrix")
		return nil
	}
	for _, combination := range m.combinations {
		values := gopipeline.MatrixPermutation{}
		setup := gopipeline.MatrixSetup{}
		for i, d := range m.dimensions {
			values[d.name] = combination.values[i]
			setup[d.name] = []string{combination.values[i]}
		}
		step := gopipeline.CommandStep{
			Command: base.Command,
			Label:   base.Label,
			Env:     maps.Clone(env),
			Plugins: clonePlugins(plugins),
			Matrix:  &gopipeline.Matrix{Setup: setup},
			// Agents is not a field of the library's.
			RemainingFields: map[string]any{"agents": slices.Clone(base.Agents)},
		}
		if err := step.InterpolateMatrixPermutation(values); err != nil {
			r.fail(tokenError(err))
			return nil
		}
		job := base
		job.Command, job.Label = step.Command, step.Label
		job.Env = withExtra(step.Env, extra)
		job.Agents, _ = step.RemainingFields["agents"].([]string)
		job.Plugins = pluginsJSON(step.Plugins)
		job.Matrix = values
		if combination.softFail != nil {
			job.SoftFail = *combination.softFail
		}
		jobs = append(jobs, job)
	}
	return jobs
}

// matrixJobSize is the most bytes a job of a matrix can have after substitution.
func (c *compiler) matrixJobSize(job JobSpec) int {
	size := 0
	add := func(text string) {
		size += len(text) + strings.Count(text, "{{")*c.limits.MatrixElementBytes
	}
	add(job.Command)
	add(job.Label)
	add(string(job.Plugins))
	for _, rule := range job.Agents {
		add(rule)
	}
	for name, value := range job.Env {
		size += len(name)
		add(value)
	}
	return size
}

// tokenError names the token that no dimension answers to.
func tokenError(err error) *Error {
	if _, tokens, ok := strings.Cut(err.Error(), "unknown matrix tokens in input: "); ok {
		return refuse("`{{%s}}` is not a token of this step's `matrix`", clip(strings.Split(tokens, ", ")[0]))
	}
	return refuse("The step's `matrix` cannot be applied: %s", err)
}

// clonePlugins copies what the substitution would change in place.
func clonePlugins(plugins gopipeline.Plugins) gopipeline.Plugins {
	clones := make(gopipeline.Plugins, len(plugins))
	for i, p := range plugins {
		clones[i] = &gopipeline.Plugin{Source: p.Source, Config: cloneValue(p.Config)}
	}
	return clones
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		clone := make(map[string]any, len(v))
		for k, item := range v {
			clone[k] = cloneValue(item)
		}
		return clone
	case []any:
		clone := make([]any, len(v))
		for i, item := range v {
			clone[i] = cloneValue(item)
		}
		return clone
	}
	return v
}
