package app_test

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/platform/config"
)

// settings are those of a server that takes a free port.
func settings(data string) config.Server {
	return config.Server{
		Storage: config.Storage{Data: data, Durability: "normal"},
		Network: config.Network{Listen: "127.0.0.1:0"},
		Limits:  config.Limits{RateLimits: true, RESTRateLimit: 200, RESTUserRateLimit: 2},
		Agents: config.Agents{
			AgentPingInterval: time.Second, AgentJobStatusInterval: time.Second, AgentHeartbeatInterval: time.Second,
		},
		First:           config.First{Organization: "acme", AdminName: "Ada", AdminEmail: "ada@example.com"},
		ShutdownTimeout: 10 * time.Second,
	}
}

func start(t *testing.T, s config.Server) *app.App {
	t.Helper()
	a, err := app.Start(t.Context(), app.Config{Server: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, a) })
	return a
}

func stop(t *testing.T, a *app.App) {
	t.Helper()
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
}

// status asks for a path with a token and returns the answer's status.
func status(t *testing.T, a *app.App, path, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.BaseURL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestStartServes(t *testing.T) {
	t.Parallel()
	a := start(t, settings(t.TempDir()))
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/v2/user": 401, "/v3/ping": 401, "/nowhere": 404} {
		if got := status(t, a, path, ""); got != want {
			t.Errorf("GET %s: %d, want %d", path, got, want)
		}
	}
	b := a.Bootstrapped
	if !b.Created || b.Organization.Slug != "acme" || b.User.Email != "ada@example.com" || b.AgentToken == "" {
		t.Errorf("first start made %+v", b)
	}
	if got := status(t, a, "/v2/organizations/acme/pipelines", b.APIToken); got != 200 {
		t.Errorf("with the token of the first start: %d", got)
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*config.Server)
		want   int
	}{
		"on":  {func(*config.Server) {}, 429},
		"off": {func(s *config.Server) { s.RateLimits = false }, 200},
		"dev": {func(s *config.Server) { s.Dev = true }, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t.TempDir())
			s.RESTUserRateLimit = 1
			tt.change(&s)
			a := start(t, s)
			// Two requests in a window of a minute may fall into two windows; three do not all.
			last := 0
			for range 3 {
				if got := status(t, a, "/v2/user", a.Bootstrapped.APIToken); last != 429 {
					last = got
				}
			}
			if last != tt.want {
				t.Errorf("got %d, want %d", last, tt.want)
			}
		})
	}
}

func TestDev(t *testing.T) {
	t.Parallel()
	s := settings("")
	s.Dev = true
	a := start(t, s)
	for name, tt := range map[string]struct {
		token, path string
		want        int
	}{
		"API token":  {app.DevAPIToken, "/v2/organizations/dev/pipelines", 200},
		"read token": {app.DevReadToken, "/v2/organizations/dev/pipelines", 200},
		"no token":   {"bkua_other", "/v2/organizations/dev/pipelines", 401},
	} {
		t.Run(name, func(t *testing.T) {
			if got := status(t, a, tt.path, tt.token); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestAgentIntervals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		dev  bool
		want string
	}{
		"configured": {false, `"ping_interval":7,"job_status_interval":8,"heartbeat_interval":9`},
		"dev":        {true, `"ping_interval":1,"job_status_interval":1,"heartbeat_interval":10`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t.TempDir())
			s.Dev = tt.dev
			s.AgentPingInterval, s.AgentJobStatusInterval, s.AgentHeartbeatInterval = 7*time.Second, 8*time.Second, 9*time.Second
			a := start(t, s)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.BaseURL+"/v3/register", strings.NewReader(`{"name":"one"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Token "+a.Bootstrapped.AgentToken)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil || !strings.Contains(string(body), tt.want) {
				t.Errorf("%s %v, want %s", body, err, tt.want)
			}
		})
	}
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := start(t, settings(data))
	token := first.Bootstrapped.APIToken
	stop(t, first)

	second := start(t, settings(data))
	if second.Bootstrapped.Created {
		t.Error("the second start made an organization")
	}
	if got := status(t, second, "/v2/user", token); got != 200 {
		t.Errorf("with the token of the first start: %d", got)
	}
}

func TestTemporaryStateIsRemoved(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp) // so not parallel
	s := settings("")
	s.Dev = true
	a := start(t, s)
	if entries, err := os.ReadDir(temp); err != nil || len(entries) != 1 {
		t.Fatalf("temporary folder has %v, %v", entries, err)
	}
	stop(t, a)
	if entries, err := os.ReadDir(temp); err != nil || len(entries) != 0 {
		t.Errorf("temporary folder has %v, %v", entries, err)
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	running := start(t, settings(data))
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*config.Server)
		want   string
	}{
		"folder in use":  {func(s *config.Server) { s.Data = data }, "another bridle server is using it"},
		"address in use": {func(s *config.Server) { s.Listen = running.Addr.String() }, "choose another address with --listen"},
		"folder is file": {func(s *config.Server) { s.Data = file }, "choose another one with --data"},
		"settings":       {func(s *config.Server) { s.URL = "ci" }, `--url "ci"`},
		"no database":    {func(s *config.Server) { s.Database = "sqlite:///nowhere/at/all.db" }, "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t.TempDir())
			tt.change(&s)
			_, err := app.Start(t.Context(), app.Config{Server: s})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	a := start(t, settings(t.TempDir()))
	stop(t, a)
	stop(t, a) // once more is fine
	if c, err := net.Dial("tcp", a.Addr.String()); err == nil {
		t.Error("still serving")
		c.Close()
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ listen, url, want string }{
		"configured": {"127.0.0.1:0", "https://ci.example.com/", "https://ci.example.com"},
		"everywhere": {"0.0.0.0:0", "", "http://localhost:"},
		"loopback":   {"127.0.0.1:0", "", "http://127.0.0.1:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t.TempDir())
			s.Listen, s.URL = tt.listen, tt.url
			if a := start(t, s); !strings.HasPrefix(a.BaseURL, tt.want) {
				t.Errorf("base URL %q, want %q", a.BaseURL, tt.want)
			}
		})
	}
}

func TestFilesAreForTheOwnerAlone(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "new", "data")
	start(t, settings(data))
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	if _, err := os.Stat(filepath.Join(data, config.DatabaseFile)); errors.Is(err, fs.ErrNotExist) {
		t.Error("no database in the data folder")
	}
}
