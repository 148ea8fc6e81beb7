package schedules

import (
	"fmt"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/cron"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/store"
)

// Limits of settings. Those of what builds take are the same there.
const (
	maxLabel        = 255 // characters
	maxMessageBytes = 64 << 10
	maxRefBytes     = 1024
	maxEnvNames     = 1000
	maxEnvBytes     = 256 << 10
)

// apply changes a schedule's settings and works out when its next build is. Invalid lists what is wrong.
func (s *Service) apply(row *store.Schedule, c Changes, now time.Time) error {
	before := *row
	var problems []string
	complain := func(name, problem string) {
		if problem != "" {
			problems = append(problems, name+" "+problem)
		}
	}
	c.Cronline.ApplyRequired(&row.Cronline)
	row.Cronline = strings.TrimSpace(row.Cronline)
	schedule, err := cron.Parse(row.Cronline, s.zones)
	if err != nil {
		complain("Cronline", err.Error())
	}
	next, comes := schedule.Next(now)
	if err == nil && !comes {
		complain("Cronline", "never comes: no year has such a day")
	}
	row.Label = optional(row.Label, c.Label)
	if row.Label != nil {
		complain("Label", text.Problem(*row.Label, maxLabel))
	}
	row.Message = optional(row.Message, c.Message)
	if row.Message != nil {
		complain("Message", messageProblem(*row.Message))
	}
	if commit := optional(&row.Commit, c.Commit); commit != nil {
		row.Commit = *commit
	} else {
		row.Commit = defaultCommit
	}
	complain("Commit", refProblem(row.Commit))
	row.Branch = optional(row.Branch, c.Branch)
	if row.Branch != nil {
		complain("Branch", refProblem(*row.Branch))
	}
	c.Env.ApplyRequired(&row.Env)
	complain("Env", envProblem(row.Env))
	if c.Enabled.Set {
		row.Enabled = c.Enabled.Value == nil || *c.Enabled.Value
	}
	if len(problems) > 0 {
		return fault.Reason("%s", strings.Join(problems, ", "))
	}
	switch {
	case !row.Enabled:
		row.NextBuildAt = nil
	case !before.Enabled || before.NextBuildAt == nil || before.Cronline != row.Cronline:
		row.NextBuildAt = &next
	}
	return nil
}

// optional changes a text that may be missing; a blank one counts as missing.
func optional(now *string, change patch.Field[string]) *string {
	change.Apply(&now)
	if now == nil || strings.TrimSpace(*now) == "" {
		return nil
	}
	return now
}

func messageProblem(message string) string {
	if len(message) > maxMessageBytes {
		return fmt.Sprintf("is too long (maximum is %d bytes)", maxMessageBytes)
	}
	return text.Problem(message, maxMessageBytes)
}

// refProblem tells what is wrong with what becomes an argument of git on agents.
func refProblem(ref string) string {
	switch {
	case len(ref) > maxRefBytes:
		return fmt.Sprintf("is too long (maximum is %d bytes)", maxRefBytes)
	case strings.HasPrefix(ref, "-") || strings.ContainsAny(ref, "\r\n"):
		return "is invalid"
	}
	return text.Problem(ref, maxRefBytes)
}

func envProblem(env map[string]string) string {
	if len(env) > maxEnvNames {
		return fmt.Sprintf("has too many variables (maximum is %d)", maxEnvNames)
	}
	total := 0
	for name, value := range env {
		if name == "" || strings.Contains(name, "=") || text.Problem(name, maxEnvBytes) != "" || text.Problem(value, maxEnvBytes) != "" {
			return fmt.Sprintf("has an invalid variable %.40q", name)
		}
		total += len(name) + len(value)
	}
	if total > maxEnvBytes {
		return fmt.Sprintf("is too large (maximum is %d bytes)", maxEnvBytes)
	}
	return ""
}
