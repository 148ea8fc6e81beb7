package pipeline

import "strings"

// submitLabel is what the button of a block says unless `submit` does.
const submitLabel = "Continue"

// manualStep reads a block or input step (docs/contract/pipelines.md, section 2.5).
func (c *compiler) manualStep(r *reader, step *Step) {
	if label := r.text(string(step.Kind)); label != "" {
		step.Label = label
	}
	m := &Manual{
		Prompt:       r.text("prompt"),
		Submit:       r.text("submit"),
		Fields:       c.fields(r),
		BlockedState: oneOf(r, "blocked_state", "passed", "failed", "running"),
		AllowedTeams: r.texts("allowed_teams"),
	}
	if strings.TrimSpace(m.Submit) == "" {
		m.Submit = submitLabel
	}
	if m.BlockedState == "" {
		m.BlockedState = "passed"
	}
	if len(m.AllowedTeams) > c.limits.AllowedTeams {
		r.fail(refuse("`allowed_teams` can name at most %d teams", c.limits.AllowedTeams), "allowed_teams")
	}
	step.Manual = m
}
