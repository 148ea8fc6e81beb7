package pipelines

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"
)

const (
	// maxVisualSteps bounds the steps of a pipeline that is not written in YAML.
	maxVisualSteps = 500
	maxVisualBytes = 1 << 20
)

// visualStep is a step as written by those who do not write YAML (contracts/rest/objects.json, pipeline_step).
type visualStep struct {
	Type                string                     `json:"type"`
	Name                string                     `json:"name"`
	Label               string                     `json:"label"`
	Command             string                     `json:"command"`
	ArtifactPaths       string                     `json:"artifact_paths"`
	BranchConfiguration string                     `json:"branch_configuration"`
	Env                 map[string]json.RawMessage `json:"env"`
	TimeoutInMinutes    *int                       `json:"timeout_in_minutes"`
	AgentQueryRules     []string                   `json:"agent_query_rules"`
	Concurrency         *int                       `json:"concurrency"`
	ConcurrencyGroup    string                     `json:"concurrency_group"`
	Parallelism         *int                       `json:"parallelism"`
	Plugins             json.RawMessage            `json:"plugins"`
	TriggerProjectSlug  string                     `json:"trigger_project_slug"`
	TriggerCommit       string                     `json:"trigger_commit"`
	TriggerBranch       string                     `json:"trigger_branch"`
	TriggerAsync        bool                       `json:"trigger_async"`
}

// document is the YAML that visual steps stand for.
type document struct {
	Env   map[string]string `yaml:"env,omitempty"`
	Steps []any             `yaml:"steps"`
}

type commandStep struct {
	Label            string            `yaml:"label,omitempty"`
	Command          string            `yaml:"command"`
	Branches         string            `yaml:"branches,omitempty"`
	ArtifactPaths    string            `yaml:"artifact_paths,omitempty"`
	Env              map[string]string `yaml:"env,omitempty"`
	Agents           []string          `yaml:"agents,omitempty"`
	TimeoutInMinutes *int              `yaml:"timeout_in_minutes,omitempty"`
	Concurrency      *int              `yaml:"concurrency,omitempty"`
	ConcurrencyGroup string            `yaml:"concurrency_group,omitempty"`
	Parallelism      *int              `yaml:"parallelism,omitempty"`
	Plugins          *yaml.Node        `yaml:"plugins,omitempty"`
}

type waitStep struct {
	Wait string `yaml:"wait"`
}

type blockStep struct {
	Block string `yaml:"block"`
}

type triggerStep struct {
	Trigger  string        `yaml:"trigger"`
	Label    string        `yaml:"label,omitempty"`
	Branches string        `yaml:"branches,omitempty"`
	Async    bool          `yaml:"async,omitempty"`
	Build    *triggerBuild `yaml:"build,omitempty"`
}

type triggerBuild struct {
	Commit string            `yaml:"commit,omitempty"`
	Branch string            `yaml:"branch,omitempty"`
	Env    map[string]string `yaml:"env,omitempty"`
}

// yamlOfVisualSteps renders visual steps, a JSON list, and their environment as the configuration they stand for. Its
// texts are kept as they are, `$VAR` included, which is for the shell of the agent: see store.Pipeline.ExpandsVariables.
// A limit on concurrency without a group, which the form has no key for, is of the step's own jobs: its group is named after
// the pipeline and its place. Errors are for whoever wrote the steps.
func yamlOfVisualSteps(pipelineID string, raw json.RawMessage, env map[string]string) (string, error) {
	if len(raw) > maxVisualBytes {
		return "", fmt.Errorf("are too large (maximum is %d bytes)", maxVisualBytes)
	}
	var steps []visualStep
	if err := json.Unmarshal(raw, &steps); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) && kind.Field != "" {
			return "", fmt.Errorf("has a step whose %s can't be a JSON %s", kind.Field, kind.Value)
		}
		return "", errors.New("must be a list of step objects")
	}
	if len(steps) == 0 {
		return "", errors.New("must have at least one step")
	}
	if len(steps) > maxVisualSteps {
		return "", fmt.Errorf("are too many (maximum is %d)", maxVisualSteps)
	}
	doc := document{Env: env}
	for i, s := range steps {
		if s.Concurrency != nil && s.ConcurrencyGroup == "" {
			s.ConcurrencyGroup = fmt.Sprintf("pipelines/%s/steps/%d", pipelineID, i+1)
		}
		step, err := s.yaml()
		if err != nil {
			return "", fmt.Errorf("has a bad step %d: %w", i+1, err)
		}
		doc.Steps = append(doc.Steps, step)
	}
	out, err := yaml.Marshal(doc)
	if err != nil {
		return "", fmt.Errorf("can't be written as YAML: %w", err)
	}
	return string(out), nil
}

func (s visualStep) yaml() (any, error) {
	env, err := plainEnv(s.Env)
	if err != nil {
		return nil, err
	}
	label := s.Name
	if label == "" {
		label = s.Label
	}
	switch s.Type {
	case "script":
		plugins, err := yamlNode(s.Plugins)
		return commandStep{
			Label: label, Command: s.Command, Branches: s.BranchConfiguration, ArtifactPaths: s.ArtifactPaths, Env: env,
			Agents: s.AgentQueryRules, TimeoutInMinutes: s.TimeoutInMinutes, Concurrency: s.Concurrency,
			ConcurrencyGroup: s.ConcurrencyGroup, Parallelism: s.Parallelism, Plugins: plugins,
		}, err
	case "waiter":
		if label == "" {
			return "wait", nil
		}
		return waitStep{Wait: label}, nil
	case "manual":
		if label == "" {
			label = "Continue"
		}
		return blockStep{Block: label}, nil
	case "trigger":
		step := triggerStep{Trigger: s.TriggerProjectSlug, Label: label, Branches: s.BranchConfiguration, Async: s.TriggerAsync}
		if s.TriggerCommit != "" || s.TriggerBranch != "" || len(env) > 0 {
			step.Build = &triggerBuild{Commit: s.TriggerCommit, Branch: s.TriggerBranch, Env: env}
		}
		return step, nil
	}
	return nil, fmt.Errorf("its type is %.40q and not script, waiter, manual or trigger", s.Type)
}

// plainEnv reads variables whose values may be any scalar.
func plainEnv(raw map[string]json.RawMessage) (map[string]string, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	env := make(map[string]string, len(raw))
	for name, value := range raw {
		switch value[0] {
		case '{', '[':
			return nil, fmt.Errorf("the value of its variable %.40q is no text", name)
		case '"':
			var s string
			if err := json.Unmarshal(value, &s); err != nil {
				return nil, err
			}
			env[name] = s
		default: // a number or a boolean as it is written; null is empty
			env[name] = string(bytes.TrimPrefix(value, []byte("null")))
		}
	}
	return env, nil
}

// yamlNode keeps JSON in its order, which counts for plugins.
func yamlNode(raw json.RawMessage) (*yaml.Node, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, errors.New("its plugins can't be written as YAML")
	}
	node := doc.Content[0]
	plainStyle(node)
	return node, nil
}

// plainStyle takes off the form that YAML got from JSON; the encoder quotes what needs it.
func plainStyle(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode {
		n.Style = 0
	}
	for _, child := range n.Content {
		plainStyle(child)
	}
}
