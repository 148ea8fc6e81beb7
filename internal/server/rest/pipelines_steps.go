package rest

import (
	"encoding/json"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
)

// pipelineStep is the object `pipeline_step`: one of the four below.
type pipelineStep any

type scriptStep struct {
	Type                build.JobType     `json:"type"`
	Name                *string           `json:"name"`
	Command             *string           `json:"command"`
	ArtifactPaths       *string           `json:"artifact_paths"`
	BranchConfiguration *string           `json:"branch_configuration"`
	Env                 map[string]string `json:"env"`
	TimeoutInMinutes    *int              `json:"timeout_in_minutes"`
	AgentQueryRules     []string          `json:"agent_query_rules"`
	Concurrency         *int              `json:"concurrency"`
	Parallelism         *int              `json:"parallelism"`
	Plugins             json.RawMessage   `json:"plugins,omitempty"`
}

type waiterStep struct {
	Type build.JobType `json:"type"`
	Name *string       `json:"name"`
}

type manualStep struct {
	Type  build.JobType `json:"type"`
	Name  *string       `json:"name"`
	Label *string       `json:"label"`
}

type triggerStep struct {
	Type                build.JobType     `json:"type"`
	Name                *string           `json:"name"`
	Label               *string           `json:"label"`
	BranchConfiguration *string           `json:"branch_configuration"`
	Env                 map[string]string `json:"env"`
	TriggerProjectSlug  string            `json:"trigger_project_slug"`
	TriggerCommit       *string           `json:"trigger_commit"`
	TriggerBranch       *string           `json:"trigger_branch"`
	TriggerAsync        bool              `json:"trigger_async"`
}

// shownSteps returns a pipeline's steps as far as its configuration can be read without a build, and its variables: those
// of a pipeline of visual steps, or the configuration's own.
func (o objects) shownSteps(row store.Pipeline) (steps []pipelineStep, env map[string]string) {
	said := o.steps.of(row.Configuration)
	env = row.Env
	if row.VisualSteps == nil && len(said.env) > 0 {
		env = said.env
	}
	return said.steps, env
}

// appendSteps adds steps; the children of a group stand in its place, since the form has no groups.
func appendSteps(to []pipelineStep, steps []pipeline.Step) []pipelineStep {
	for _, s := range steps {
		switch {
		case s.Kind == pipeline.KindGroup:
			to = appendSteps(to, s.Steps)
		case s.Command != nil:
			to = append(to, shownCommand(s))
		case s.Wait != nil:
			to = append(to, waiterStep{Type: build.Waiter, Name: orNull(s.Label)})
		case s.Manual != nil:
			to = append(to, manualStep{Type: build.Manual, Name: orNull(s.Label), Label: orNull(s.Label)})
		case s.Trigger != nil:
			to = append(to, triggerStep{
				Type:                build.Trigger,
				Name:                orNull(s.Label),
				Label:               orNull(s.Label),
				BranchConfiguration: orNull(s.Branches),
				Env:                 notNil(s.Trigger.Build.Env),
				TriggerProjectSlug:  s.Trigger.Pipeline,
				TriggerCommit:       orNull(s.Trigger.Build.Commit),
				TriggerBranch:       orNull(s.Trigger.Build.Branch),
				TriggerAsync:        s.Trigger.Async,
			})
		}
	}
	return to
}

func shownCommand(s pipeline.Step) scriptStep {
	out := scriptStep{
		Type:                build.Script,
		Name:                orNull(s.Label),
		Command:             orNull(s.Command.Command),
		ArtifactPaths:       orNull(s.Command.ArtifactPaths),
		BranchConfiguration: orNull(s.Branches),
		Env:                 notNil(s.Command.Env),
		AgentQueryRules:     s.Command.Agents,
		Plugins:             s.Command.Plugins,
	}
	if out.AgentQueryRules == nil {
		out.AgentQueryRules = []string{}
	}
	if minutes := s.Command.TimeoutMinutes; minutes > 0 {
		out.TimeoutInMinutes = &minutes
	}
	if limit := s.Command.Concurrency.Limit; limit > 0 {
		out.Concurrency = &limit
	}
	if jobs := s.Command.Jobs; len(jobs) > 0 {
		out.Parallelism = jobs[0].ParallelTotal
	}
	return out
}

// notNil makes the object of no variables `{}`.
func notNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
