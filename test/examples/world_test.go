package examples

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/agentbin"
)

// What --dev makes.
const (
	apiToken     = "bkua_dev0000000000000000000000000000000000"
	clusterToken = "bkct_dev0000000000000000000000000000000000"
	devEmail     = "dev@bridle.localhost"
)

// world is a server with an agent, in processes of their own.
type world struct {
	t      *testing.T
	bridle string // the program
	data   string
	url    string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, bridle: filepath.Join(t.TempDir(), "bridle"), data: t.TempDir()}
	w.run("go", "build", "-o", w.bridle, "github.com/bridle-ci/bridle/cmd/bridle")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	w.url = "http://" + address
	w.start("server", syscall.SIGTERM, w.bridle, "server", "--dev", "--data", w.data, "--listen", address)
	w.eventually("the server to be ready", func() bool {
		answer, err := http.Get(w.url + "/readyz")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	finder := agentbin.Finder{Progress: func(line string) { t.Log(line) }}
	agent, err := finder.Find(t.Context())
	must(t, err)
	sockets, err := os.MkdirTemp("", "bk") // paths of sockets have to be short
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(sockets) })
	folder := t.TempDir()
	w.start("agent", syscall.SIGQUIT, agent.Path, "start", "--token", clusterToken, "--endpoint", w.url+"/v3", "--name", "example",
		"--build-path", filepath.Join(folder, "builds"), "--hooks-path", filepath.Join(folder, "hooks"),
		"--plugins-path", filepath.Join(folder, "plugins"), "--sockets-path", sockets, "--no-color", "--no-ssh-keyscan")
	return w
}

// start runs a program until the test ends.
func (w *world) start(name string, end os.Signal, program string, args ...string) {
	w.t.Helper()
	said, err := os.Create(filepath.Join(w.t.TempDir(), name))
	must(w.t, err)
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.Env = []string{
		"PATH=" + filepath.Dir(program) + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + w.t.TempDir(),
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
	}
	must(w.t, cmd.Start())
	w.t.Cleanup(func() {
		_ = cmd.Process.Signal(end) // it may have ended
		_ = cmd.Wait()              // how is told by what it said
		said.Close()
		if text, err := os.ReadFile(said.Name()); err == nil && w.t.Failed() {
			w.t.Logf("%s said:\n%s", name, text)
		}
	})
}

// run runs a program to its end and returns what it printed.
func (w *world) run(program string, args ...string) string {
	w.t.Helper()
	out, err := exec.CommandContext(w.t.Context(), program, args...).Output()
	if err != nil {
		var said []byte
		if failed, ok := err.(*exec.ExitError); ok {
			said = failed.Stderr
		}
		w.t.Fatalf("%s %v: %v\n%s", program, args, err, said)
	}
	return strings.TrimSpace(string(out))
}

// repository is a git repository with a commit on each of the branches.
func (w *world) repository(branches ...string) string {
	w.t.Helper()
	folder := w.t.TempDir()
	w.run("git", "-C", folder, "init", "-q", "-b", branches[0])
	w.run("git", "-C", folder, "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "commit", "-q", "--allow-empty", "-m", "First")
	for _, b := range branches[1:] {
		w.run("git", "-C", folder, "branch", b)
	}
	return folder
}

// call calls the API.
func (w *world) call(method, path string, in, out any) {
	w.t.Helper()
	body, err := json.Marshal(in)
	must(w.t, err)
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/v2/organizations/dev"+path, bytes.NewReader(body))
	must(w.t, err)
	request.Header.Set("Authorization", "Bearer "+apiToken)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	must(w.t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	must(w.t, err)
	if answer.StatusCode > 299 {
		w.t.Fatalf("%s %s answered %d: %s", method, path, answer.StatusCode, content)
	}
	must(w.t, json.Unmarshal(content, out))
}

// pipeline makes a pipeline whose builds pass on main and fail elsewhere, and upload a file.
func (w *world) pipeline(name, repository string) {
	w.t.Helper()
	const configuration = `steps:
  - label: report
    command: mkdir dist && echo "made on $$BUILDKITE_BRANCH" >dist/report.txt && test "$$BUILDKITE_BRANCH" = main
    artifact_paths: dist/*
`
	in := map[string]any{"name": name, "repository": repository, "configuration": configuration}
	w.call(http.MethodPost, "/pipelines", in, new(any))
}

// build makes a build and waits for its end.
func (w *world) build(pipeline, branch, want string) {
	w.t.Helper()
	var b struct {
		Number int
		State  string
	}
	builds := "/pipelines/" + pipeline + "/builds"
	w.call(http.MethodPost, builds, map[string]any{"commit": "HEAD", "branch": branch, "message": "Example"}, &b)
	w.eventually("a build on "+branch+" to have "+want, func() bool {
		w.call(http.MethodGet, fmt.Sprintf("%s/%d", builds, b.Number), nil, &b)
		return b.State == want
	})
}

// limited is the server's address behind a gate that refuses every third request as beyond the rate limit, and makes
// pages short, so that what is written for either is needed.
func (w *world) limited() string {
	w.t.Helper()
	target, err := url.Parse(w.url)
	must(w.t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	var count atomic.Int64
	gate := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if count.Add(1)%3 == 1 {
			rw.Header().Set("RateLimit-Reset", "1")
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(rw, `{"message": "You have exceeded your API rate limit."}`) // the client may be gone
			return
		}
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "per_page=100", "per_page=1", 1)
		proxy.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(gate.Close)
	return gate.URL
}

// eventually waits for what another process does.
func (w *world) eventually(what string, done func() bool) {
	w.t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.After(patience); !done(); {
		select {
		case <-deadline:
			w.t.Fatalf("waited in vain for %s", what)
		case <-ticker.C:
		}
	}
}

// patience is when something that never happens is given up; nothing is asserted about how long things take.
const patience = 3 * time.Minute

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
