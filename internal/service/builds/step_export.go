package builds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// ExportStep renders a step, or one of its attributes, for `buildkite-agent step get`; format is empty or json.
// docs/contract/pipelines.md, section 5, lists the attributes.
func (s *Service) ExportStep(ctx context.Context, job store.Job, ref, buildID, attribute, format string) (string, error) {
	step, err := s.stepFor(ctx, job, ref, buildID)
	if err != nil {
		return "", err
	}
	if format != "" && format != "json" && format != "string" {
		return "", fault.New(fault.Invalid, "Unknown format %q: use json, or none", format)
	}
	jobs, err := store.JobsOfSteps(ctx, s.Store.Read(), []string{step.ID})
	if err != nil {
		return "", err
	}
	values := exportedStep(step, jobs)
	if attribute == "" {
		return renderJSON(values)
	}
	value, known := values[attribute]
	if !known {
		return "", fault.New(fault.Invalid, "The step has no attribute %q: use one of %s", attribute, strings.Join(exportedNames, ", "))
	}
	if format == "json" {
		return renderJSON(value)
	}
	return renderText(value)
}

var exportedNames = []string{
	"agents", "command", "concurrency_key", "concurrency_limit", "depends_on", "env", "id", "if", "key", "label", "notify",
	"outcome", "parallelism", "state", "timeout", "type",
}

func exportedStep(step *build.Step, jobs []*store.Job) map[string]any {
	values := map[string]any{
		"id": step.ID, "key": orNil(step.Key), "label": orNil(step.Label), "type": string(step.Kind), "state": string(step.State),
		"outcome": string(step.Outcome), "if": orNil(step.Settings.If), "depends_on": step.Settings.DependsOn,
		"agents": []string{}, "command": nil, "env": map[string]string{}, "parallelism": nil, "timeout": nil,
		"concurrency_key": nil, "concurrency_limit": nil, "notify": []any{},
	}
	if step.Settings.Notify != nil {
		values["notify"] = step.Settings.Notify
	}
	if len(jobs) == 0 || jobs[0].Type != build.Script {
		return values
	}
	spec := jobs[0].Spec
	values["command"] = orNil(spec.Command)
	if spec.Agents != nil {
		values["agents"] = spec.Agents
	}
	if spec.Env != nil {
		values["env"] = spec.Env
	}
	if spec.ParallelTotal != nil {
		values["parallelism"] = *spec.ParallelTotal
	}
	if limit := jobs[0].Concurrency; limit.Group != "" {
		values["concurrency_key"], values["concurrency_limit"] = limit.Group, limit.Limit
	}
	if jobs[0].TimeoutMinutes > 0 {
		values["timeout"] = jobs[0].TimeoutMinutes
	}
	return values
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func renderJSON(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}

func renderText(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case []string:
		return strings.Join(v, "\n"), nil
	case map[string]string:
		lines := make([]string, 0, len(v))
		for name, text := range v {
			lines = append(lines, fmt.Sprintf("%s=%s", name, text))
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n"), nil
	}
	return renderJSON(value)
}

func parseInt(text string) (int, error) { return strconv.Atoi(strings.TrimSpace(text)) }
