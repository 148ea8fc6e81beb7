package schedules

import (
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/commit"
	"github.com/bridle-ci/bridle/internal/core/cron"
	"github.com/bridle-ci/bridle/internal/core/environment"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/store"
)

const maxLabel = 255 // characters

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
		complain("Message", commit.MessageProblem(*row.Message))
	}
	if commit := optional(&row.Commit, c.Commit); commit != nil {
		row.Commit = *commit
	} else {
		row.Commit = defaultCommit
	}
	complain("Commit", commit.RefProblem(row.Commit))
	row.Branch = optional(row.Branch, c.Branch)
	if row.Branch != nil {
		complain("Branch", commit.RefProblem(*row.Branch))
	}
	c.Env.ApplyRequired(&row.Env)
	complain("Env", environment.OfBuilds.Problem(row.Env))
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
