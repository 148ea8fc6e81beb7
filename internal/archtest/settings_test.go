package archtest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/platform/config"
)

var update = flag.Bool("update", false, "rewrite what is made of the code in docs/")

const settingsHeader = "| Flag, and key of the file | Variable | Default | |\n|---|---|---|---|\n"

// TestSettingsAreDocumented compares the table of docs/operations/configuration.md with the settings there are. To write
// it anew: go test ./internal/archtest -update.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	path := filepath.Join(root, "docs", "operations", "configuration.md")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(content), settingsHeader)
	if !found {
		t.Fatalf("%s has no table of settings", path)
	}
	end := len(after)
	if i := strings.Index(after, "\n\n"); i >= 0 {
		end = i + 1
	}
	got, want := after[:end], settings()
	if *update {
		if err := os.WriteFile(path, []byte(before+settingsHeader+want+after[end:]), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the settings are; run go test ./internal/archtest -update (-want +got):\n%s", path, diff)
	}
}

// settings is a row for each setting.
func settings() string {
	var rows strings.Builder
	for _, f := range config.Fields(config.Server{}) {
		standard := ""
		if f.Default != "" {
			standard = "`" + f.Default + "`"
		}
		fmt.Fprintf(&rows, "| `%s` | `%s` | %s | %s |\n", f.Flag, f.Env, standard, strings.ReplaceAll(f.Help, "|", "\\|"))
	}
	return rows.String()
}
