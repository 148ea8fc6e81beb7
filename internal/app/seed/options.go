// Package seed writes a history of builds that never ran, so that lists and reads can be measured at size. It knows the
// store and no use case: what it writes is over and done, and has no logs and no files.
package seed

import (
	"errors"
	"fmt"
)

// Options say what the history is like. The tags are flags of the command line.
type Options struct {
	Builds    int    `default:"10000" help:"How many builds."`
	Pipelines int    `default:"20" help:"How many pipelines. The first has half of the builds, the others share the rest."`
	Jobs      int    `default:"2" help:"How many jobs each build has."`
	Agents    int    `default:"100" help:"How many agents, all gone by now, ran the jobs."`
	Users     int    `default:"20" help:"How many people made the builds."`
	Days      int    `default:"365" help:"Over how many days, up to now, the builds are spread."`
	Draw      uint64 `default:"1" help:"A number that everything random is drawn from: the same number gives the same history, but for names that must be new."`
	Force     bool   `help:"Write even though the database has builds."`
}

// Limits of a history.
const (
	maxBuilds    = 100_000_000
	maxPipelines = 100_000
	maxJobs      = 500
	maxAgents    = 100_000
	maxUsers     = 10_000
	maxDays      = 36_500
)

// Validate says what is wrong with the options.
func (o Options) Validate() error {
	for _, field := range []struct {
		flag       string
		value, max int
	}{
		{"builds", o.Builds, maxBuilds},
		{"pipelines", o.Pipelines, maxPipelines},
		{"jobs", o.Jobs, maxJobs},
		{"agents", o.Agents, maxAgents},
		{"users", o.Users, maxUsers},
		{"days", o.Days, maxDays},
	} {
		if field.value < 1 || field.value > field.max {
			return fmt.Errorf("--%s must be between 1 and %d", field.flag, field.max)
		}
	}
	return nil
}

// errHasBuilds refuses to mix what never ran with what did.
var errHasBuilds = errors.New("the database has builds: a history for measuring does not belong among them; use a database of its own, or --force if it is one")
