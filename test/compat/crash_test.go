package compat

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

// TestKilledServerLosesNothing kills the server while jobs run, starts it again on the same data, and wants the build
// to pass with whole logs.
func TestKilledServerLosesNothing(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, s *server) {
		const lines = 400
		p := s.pipeline("Crash", repository(t, map[string]string{"a": "b"}), fmt.Sprintf(
			"steps:\n  - {label: 'Counting %%n', parallelism: 2, command: 'for i in $(seq 1 %d); do echo \"line $$i.\"; sleep 0.02; done'}\n  - wait\n  - command: echo after\n", lines))
		startAgent(t, s, "one")
		startAgent(t, s, "two")
		b := s.build(p.Slug, buildkite.CreateBuild{})
		for _, mark := range []string{"line 20.", "line 120."} {
			s.waitFor(p.Slug, b.Number, "logs to come to "+mark, func(b buildkite.Build) bool {
				return strings.Contains(s.log(p.Slug, b.Number, b.Jobs[0].ID), mark)
			})
			s.stop(syscall.SIGKILL)
			s.start()
		}
		b = s.waitForState(p.Slug, b.Number, "passed")
		for _, j := range b.Jobs[:2] {
			if j.RetriesCount != 0 || j.Retried {
				t.Errorf("job %s was run again", j.ID)
			}
			checkCount(t, s.log(p.Slug, b.Number, j.ID), lines)
		}
	})
}

var lineForm = regexp.MustCompile(`(?m)line (\d+)\.\r*$`)

func checkCount(t *testing.T, log string, lines int) {
	t.Helper()
	found := lineForm.FindAllStringSubmatch(log, -1)
	if len(found) != lines {
		t.Fatalf("%d lines, want %d, in %d bytes that end with %q", len(found), lines, len(log), log[max(0, len(log)-300):])
	}
	for i, m := range found {
		if m[1] != fmt.Sprint(i+1) {
			t.Fatalf("line %d says %s", i+1, m[1])
		}
	}
}

func TestTerminatedServerLetsAgentsReconnect(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	p := s.pipeline("Restart", repository(t, map[string]string{"a": "b"}), "steps:\n  - command: echo one\n")
	startAgent(t, s, "agent")
	s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "passed")
	s.stop(syscall.SIGTERM)
	if code := s.command.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server ended with %d", code)
	}
	s.start()
	s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "passed")
}
