package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

const storedSteps = `
env: { TOP: of top }
steps:
  - key: plain
    commands: [env, echo done]
    env: { OWN: of step }
    retry: { automatic: true }
  - label: "Matrix {{matrix}}"
    key: matrix
    command: echo "got {{matrix}}"
    matrix: [x, y]
    plugins:
      - ./plugins/shout: { word: "{{matrix}}" }
  - wait
  - group: Group
    steps:
      - { key: grouped, command: echo grouped, agents: { queue: default } }
`

// signedByTool signs a configuration for a repository with the official tool.
func signedByTool(t *testing.T, private, repo, configuration string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipeline.yml")
	must(t, os.WriteFile(path, []byte(configuration), 0o644))
	signed, err := exec.Command(agentBinary, "tool", "sign", "--jwks-file", private, "--repo", repo, path).Output()
	must(t, err)
	return string(signed)
}

// TestSignedStoredConfiguration stores a configuration that was signed by hand.
func TestSignedStoredConfiguration(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	repo := repository(t, map[string]string{
		"plugins/shout/plugin.yml":        "name: Shout\n",
		"plugins/shout/hooks/pre-command": "#!/bin/bash\necho \"SHOUTED $BUILDKITE_PLUGIN_SHOUT_WORD\"\n",
	})
	private, public := signingKeys(t)
	p := s.pipeline("Stored", repo, signedByTool(t, private, repo, storedSteps))
	verifier(t, s, public)
	b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{Env: map[string]string{"OTHER": "x"}}).Number, "passed")
	logs := map[string]string{}
	for _, j := range b.Jobs {
		if j.Type == "script" {
			logs[j.StepKey] += s.log(p.Slug, b.Number, j.ID)
		}
	}
	contains(t, logs["plain"], "Job signature verified", "TOP=of top", "OWN=of step", "OTHER=x", "done")
	contains(t, logs["matrix"], "Job signature verified", "got x", "got y", "SHOUTED x", "SHOUTED y")
	contains(t, logs["grouped"], "Job signature verified", "grouped")

	// Whoever makes a build may not change what the signature is about.
	n := s.build(p.Slug, buildkite.CreateBuild{Env: map[string]string{"TOP": "of build"}}).Number
	wantRefused(t, s, p.Slug, n, "plain")
}

// TestSignatureIsForARepository moves signed steps to a pipeline of another repository.
func TestSignatureIsForARepository(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	repo := repository(t, map[string]string{"a": "b"})
	private, public := signingKeys(t)
	p := s.pipeline("Moved", repo, signedByTool(t, private, "https://example.org/other.git", "steps:\n  - { key: moved, command: echo one }\n"))
	verifier(t, s, public)
	wantRefused(t, s, p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "moved")
}
