package access

import (
	"strings"

	"github.com/bridle-ci/bridle/internal/core/fault"
)

// CheckAllowedTeams returns nil when the actor may unblock a step that names the teams which may; none are everybody who
// may unblock at all. It does not replace Check. Organizations have no teams here, so nobody is in one, and a step that
// is kept for some is left to the administrators (docs/contract/pipelines.md, section 18).
func CheckAllowedTeams(a Actor, teams []string) error {
	if len(teams) == 0 || a.System || a.Role == Admin {
		return nil
	}
	return fault.New(fault.Forbidden,
		"Only the teams %s may unblock this step, and there are no teams in this organization: ask an administrator to unblock it",
		strings.Join(teams, ", "))
}
