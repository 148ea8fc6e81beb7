package pipelines

import (
	"strings"
	"testing"
)

func TestConfigurationsWaitForTheirBuild(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ configuration, want string }{
		"number that is a variable":    {"steps: [{ command: a, parallelism: $JOBS }]", ""},
		"variable that a build has":    {"steps: [{ command: a, if: '${NEEDED?} == \"x\"' }]", ""},
		"tag that a build has":         {"steps: [{ command: a, if: '[\"v1\", build.tag] includes \"v1\"' }]", ""},
		"slow condition":               {"steps: [{ command: a, if: '\"" + strings.Repeat("a", 40) + "!\" =~ /^(a+)+$/' }]", ""},
		"condition that is none":       {"steps: [{ command: a, if: build.branch == }]", "expected a value but found the end of the condition"},
		"notification to a variable":   {"notify: [{ email: $TEAM }]\nsteps: [wait]", ""},
		"notification to nobody":       {"notify: [{ email: team }]\nsteps: [wait]", "`email` must be a single address"},
		"what agents apply and remove": {"steps: [{ command: a, if_changed: b }]", "`if_changed` is applied by the agent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := configurationProblem(tt.configuration)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
