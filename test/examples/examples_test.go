package examples

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const folder = "../../examples"

// languages tell how to run an example by its name.
var languages = map[string]func(name string) []string{
	"shell": func(name string) []string { return []string{"bash", filepath.Join(folder, "shell", name+".sh")} },
	"go": func(name string) []string {
		return []string{"go", "run", "github.com/bridle-ci/bridle/examples/go/" + name}
	},
	"python": func(name string) []string { return []string{"python3", filepath.Join(folder, "python", name+".py")} },
	"node":   func(name string) []string { return []string{"node", filepath.Join(folder, "node", name+".mjs")} },
}

// example is how an example is called and what it is to print.
type example struct {
	args   []string
	want   *regexp.Regexp
	status int
}

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "jq", "openssl", "python3", "node", "git"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is not installed, and the examples need it", tool)
		}
	}
	w := newWorld(t)
	repository := w.repository("main", "broken")
	w.pipeline("history", repository)
	w.pipeline("downstream", repository)
	w.build("history", "main", "passed")
	w.build("history", "broken", "failed")
	w.build("history", "main", "passed")

	key, public := filepath.Join(t.TempDir(), "key.pem"), filepath.Join(t.TempDir(), "public.pem")
	w.run("openssl", "genrsa", "-out", key, "2048")
	w.run("openssl", "rsa", "-in", key, "-pubout", "-out", public)
	issuer := w.run(w.bridle, "admin", "token", "create", "--data", w.data, "--organization", "dev", "--user", devEmail,
		"--scopes", "read_user", "--public-key", public)

	examples := map[string]map[string]example{
		"failed_builds": {"history": {nil, regexp.MustCompile(`(?m)^history #2 broken http://\S+/history/builds/2$`), 0}},
		"success_rate": {
			"three builds": {[]string{"history"}, regexp.MustCompile(`^2 of 3 builds passed \(66 %\)\n$`), 0},
		},
		"trigger_and_wait": {
			"passes": {[]string{"downstream"}, regexp.MustCompile(`^downstream #\d+ passed\n$`), 0},
			"fails":  {[]string{"downstream", "broken"}, regexp.MustCompile(`^downstream #\d+ failed\n$`), 1},
		},
		"download_artifact": {
			"there":     {[]string{"history", "2", "dist/report.txt"}, regexp.MustCompile(`^made on broken\n$`), 0},
			"not there": {[]string{"history", "2", "dist/none.txt"}, regexp.MustCompile(`^$`), 1},
		},
		"signed_token": {
			"good": {[]string{key, issuer}, regexp.MustCompile(`^` + regexp.QuoteMeta(devEmail) + `\n$`), 0},
			"bad":  {[]string{key, "01890000-0000-7000-8000-000000000000"}, regexp.MustCompile(`^$`), 1},
		},
	}
	t.Run("run", func(t *testing.T) {
		for language, command := range languages {
			t.Run(language, func(t *testing.T) {
				t.Parallel()
				address := w.limited()
				for name, cases := range examples {
					for title, e := range cases {
						t.Run(name+" "+title, func(t *testing.T) {
							runExample(t, address, append(command(name), e.args...), e)
						})
					}
				}
			})
		}
	})
}

func runExample(t *testing.T, address string, command []string, e example) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "BRIDLE_URL="+address, "PYTHONDONTWRITEBYTECODE=1")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	status := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		status = failed.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if status != e.status || !e.want.Match(out) {
		t.Errorf("%v ended with %d, want %d, and printed %q, want %s; it said:\n%s", command, status, e.status, out, e.want, said.String())
	}
}

// TestEveryExampleIsThereInEveryLanguage compares the folders with one another, and with what is run.
func TestEveryExampleIsThereInEveryLanguage(t *testing.T) {
	t.Parallel()
	endings := map[string]string{"shell": ".sh", "go": "", "python": ".py", "node": ".mjs"}
	names := []string{"api", "failed_builds", "success_rate", "trigger_and_wait", "download_artifact", "signed_token"}
	for language, ending := range endings {
		entries, err := os.ReadDir(filepath.Join(folder, language))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "_") {
				continue // what an interpreter keeps
			}
			found++
		}
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(folder, language, name+ending)); err != nil {
				t.Errorf("%s: %v", language, err)
			}
		}
		if found != len(names) {
			t.Errorf("%s has %d files, and %d are known", language, found, len(names))
		}
	}
}
