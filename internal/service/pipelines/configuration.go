package pipelines

import (
	"maps"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/environment"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/core/text"
)

// stepsMissing is the contract's text (contracts/rest/README.md, Validation and exact texts).
const stepsMissing = "Step configuration is missing, expected `steps: { yaml: \"...\" }`"

// applyConfiguration changes what the pipeline does: YAML, or visual steps which YAML is made of.
func (d *draft) applyConfiguration(c Changes) {
	switch {
	case c.Configuration.Set:
		d.VisualSteps, d.Env = nil, nil
		c.Configuration.ApplyRequired(&d.Configuration)
	case c.Steps.Value != nil:
		if d.Configuration != "" && d.VisualSteps == nil {
			d.problems.add("steps", "can't be set for a pipeline of YAML steps: change its configuration")
			return
		}
		d.VisualSteps = *c.Steps.Value
	}
	if c.Env.Set && !d.applyEnv(c.Env.Value) {
		return
	}
	if d.VisualSteps != nil && (c.Steps.Set || c.Env.Set) {
		configuration, err := yamlOfVisualSteps(d.ID, d.VisualSteps, d.Env)
		if err != nil {
			d.problems.add("steps", err.Error())
			return
		}
		d.Configuration = configuration
	}
	if c.Configuration.Set || c.Steps.Set || d.Configuration == "" {
		d.problems.add("configuration", configurationProblem(d.Configuration))
	}
}

// applyEnv changes the environment of visual steps; YAML has its own, and the contract has this one ignored then. It
// reports whether it could.
func (d *draft) applyEnv(env *map[string]string) bool {
	d.Env = nil
	if env == nil || len(*env) == 0 || d.VisualSteps == nil {
		return true
	}
	if problem := environment.OfPipelines.Problem(*env); problem != "" {
		d.problems.add("env", problem)
		return false
	}
	d.Env = maps.Clone(*env)
	return true
}

// configurationProblem tells why a configuration could not become a build, without knowing the build.
func configurationProblem(configuration string) string {
	if strings.TrimSpace(configuration) == "" {
		return stepsMissing
	}
	if problem := text.Problem(configuration, pipeline.DefaultLimits().DocumentBytes); problem != "" {
		return problem
	}
	document, err := pipeline.Parse([]byte(configuration))
	if err != nil {
		return err.Error()
	}
	if _, err := document.Compile(pipeline.Options{Stored: true, Draft: true}); err != nil {
		return err.Error()
	}
	return ""
}
