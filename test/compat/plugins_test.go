package compat

import (
	"os/exec"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

// gitPlugin makes a plugin in a git repository, whose tag v1 says another thing than its main branch, and returns its
// path.
func gitPlugin(t *testing.T) string {
	t.Helper()
	folder := repository(t, map[string]string{
		"plugin.yml":        "name: Greet\n",
		"hooks/pre-command": "#!/bin/bash\necho \"greeted by git at v1 with $BUILDKITE_PLUGIN_CONFIGURATION\"\n",
	})
	for _, command := range [][]string{
		{"git", "tag", "v1"},
		{"sh", "-c", "echo 'echo from main' > hooks/pre-command"},
		{"git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qam", "Second"},
	} {
		run := exec.Command(command[0], command[1:]...)
		run.Dir = folder
		if output, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, output)
		}
	}
	return folder
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	repo := repository(t, map[string]string{
		"plugins/shout/plugin.yml":        "name: Shout\n",
		"plugins/shout/hooks/environment": "#!/bin/bash\nexport FROM_PLUGIN=\"$BUILDKITE_PLUGIN_SHOUT_WORD-0:$BUILDKITE_PLUGIN_SHOUT_LIST_0-1:$BUILDKITE_PLUGIN_SHOUT_LIST_1\"\n",
		"plugins/shout/hooks/pre-exit":    "#!/bin/bash\necho \"left with $BUILDKITE_COMMAND_EXIT_STATUS\"\n",
	})
	greet := gitPlugin(t)
	p := s.pipeline("Plugins", repo, `
steps:
  - label: Vendored
    command: 'echo "plugin says $$FROM_PLUGIN"; exit 4'
    soft_fail: true
    plugins:
      - ./plugins/shout: { word: hello, list: [a, b] }
  - label: Tagged
    command: echo ran
    plugins:
      - file://`+greet+`#v1: { words: tagged }
  - label: Branch
    command: echo ran
    plugins:
      - file://`+greet+`#main: ~
  - label: "Matrix {{matrix}}"
    command: 'echo "plugin says $$FROM_PLUGIN"'
    matrix: [x, y]
    plugins:
      - ./plugins/shout: { word: "{{matrix}}", list: ["{{matrix}}1", "{{matrix}}2"] }
  - label: Nowhere
    key: nowhere
    command: echo not reached
    soft_fail: true
    plugins:
      - ./plugins/nowhere: ~
`)
	startAgent(t, s, "agent")
	b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{}).Number, "passed")
	logs := map[string]string{}
	for _, j := range b.Jobs {
		logs[j.Name] = s.log(p.Slug, b.Number, j.ID)
	}
	contains(t, logs["Vendored"], "plugin says hello-0:a-1:b", "left with 4")
	contains(t, logs["Tagged"], "greeted by git at v1", "ran")
	contains(t, logs["Branch"], "from main", "ran")
	contains(t, logs["Matrix x"], "plugin says x-0:x1-1:x2")
	contains(t, logs["Matrix y"], "plugin says y-0:y1-1:y2")
	if nowhere := job(t, b, "nowhere"); !nowhere.SoftFailed || nowhere.ExitStatus == nil || *nowhere.ExitStatus == 0 {
		t.Errorf("a job whose plugin is missing: %+v", nowhere)
	}
}
