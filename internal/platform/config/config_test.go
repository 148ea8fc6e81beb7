package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/platform/config"
)

func valid() config.Server {
	return config.Server{
		Network: config.Network{Listen: "127.0.0.1:8080"},
		Limits:  config.Limits{RateLimits: true, RESTRateLimit: 200, RESTUserRateLimit: 50},
		First:   config.First{Organization: "main", AdminName: "Admin", AdminEmail: "admin@bridle.localhost"},
		Agents: config.Agents{
			AgentPingInterval: time.Second, AgentJobStatusInterval: time.Second, AgentHeartbeatInterval: time.Second,
		},
		ShutdownTimeout: time.Second,
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range config.Fields(config.Server{}) {
		t.Run(f.Flag, func(t *testing.T) {
			if !strings.HasSuffix(f.Help, ".") || len(f.Help) < 20 {
				t.Errorf("help %q is no sentence", f.Help)
			}
			if f.Env != config.EnvPrefix+strings.ToUpper(strings.ReplaceAll(f.Flag, "-", "_")) {
				t.Errorf("environment variable %q", f.Env)
			}
			if seen[f.Flag] {
				t.Error("declared twice")
			}
			seen[f.Flag] = true
		})
	}
	for _, flag := range []string{"data", "database", "durability", "listen", "url", "dev", "agent-ping-interval"} {
		if !seen[flag] {
			t.Errorf("no field for --%s", flag)
		}
	}
}

func TestFieldsHideSecrets(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ database, want string }{
		"password":           {"postgres://bridle:hunter2@db/ci", "postgres://bridle:xxxxx@db/ci"},
		"password parameter": {"postgres://db/ci?password=hunter2", "postgres://db/ci?password=xxxxx"},
		"no password":        {"postgres://bridle@db/ci", "postgres://bridle@db/ci"},
		"file":               {"sqlite:///var/lib/bridle.db", "sqlite:///var/lib/bridle.db"},
		"not a URL":          {"postgres://bridle:hunter2@db:port/ci", "(hidden)"},
		"unset":              {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, f := range config.Fields(config.Storage{Database: tt.database}) {
				if f.Flag == "database" && f.Value != tt.want {
					t.Errorf("shown as %q, want %q", f.Value, tt.want)
				}
			}
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*config.Server)
		want   string // part of the message, "" for none
	}{
		"OK":              {func(*config.Server) {}, ""},
		"every address":   {func(s *config.Server) { s.Listen = ":0" }, ""},
		"postgres":        {func(s *config.Server) { s.Database = "postgres://db/ci" }, ""},
		"listen portless": {func(s *config.Server) { s.Listen = "localhost" }, `--listen "localhost": write an address and a port`},
		"listen port":     {func(s *config.Server) { s.Listen = ":http" }, "the port must be a number"},
		"url scheme":      {func(s *config.Server) { s.URL = "ci.example.com" }, `--url "ci.example.com": write an address such as`},
		"url path":        {func(s *config.Server) { s.URL = "https://example.com/ci" }, "leave out the path"},
		"url query":       {func(s *config.Server) { s.URL = "https://example.com/?a=b" }, "leave out the user, query"},
		"database":        {func(s *config.Server) { s.Database = "mysql://root:pw@db" }, `--database: database URL begins with "mysql"`},
		"proxy":           {func(s *config.Server) { s.TrustedProxies = []string{"proxy"} }, `--trusted-proxies "proxy"`},
		"zero interval":   {func(s *config.Server) { s.AgentPingInterval = 0 }, "--agent-ping-interval 0s: use whole seconds"},
		"odd interval":    {func(s *config.Server) { s.AgentHeartbeatInterval = 1500 * time.Millisecond }, "--agent-heartbeat-interval"},
		"long interval":   {func(s *config.Server) { s.AgentJobStatusInterval = time.Hour }, "--agent-job-status-interval"},
		"rate limit":      {func(s *config.Server) { s.RESTRateLimit = 0 }, "--rest-rate-limit 0: use a number above zero, or --no-rate-limits"},
		"organization":    {func(s *config.Server) { s.Organization = "Ac me" }, `--organization "Ac me": use letters`},
		"admin email":     {func(s *config.Server) { s.AdminEmail = "ada" }, `--admin-email "ada": write an address`},
		"admin name":      {func(s *config.Server) { s.AdminName = " " }, "--admin-name: the name is empty"},
		"shutdown":        {func(s *config.Server) { s.ShutdownTimeout = -time.Second }, "--shutdown-timeout -1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := valid()
			tt.change(&s)
			err := s.Validate()
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestReadFileGood(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]map[string]string{
		"full.yml": {
			"data": "/var/lib/bridle", "database": "postgres://bridle:s3cret@db.internal/bridle", "listen": "0.0.0.0:8080",
			"url": "https://ci.example.com", "trusted-proxies": "10.0.0.0/8,192.168.1.7", "rate-limits": "false",
			"log-format": "json", "agent-ping-interval": "5s",
		},
		"empty.yml": {},
		"null.yml":  {},
		"json.json": {"listen": "127.0.0.1:0", "dev": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := config.ReadFile(filepath.Join("testdata", "good", name), config.Flags(config.Server{}))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, flag := range config.Flags(config.Server{}) {
				if v, ok := file.Value(flag); ok {
					got[flag] = v
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadFileBad(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"unknown.yml": `line 2: "lisen" is no setting: use one of admin-email, admin-name, `,
		"twice.yml":   `line 3: "listen" is set twice`,
		"nested.yml":  `line 2: "listen" must be a value or a list`,
		"list.yml":    "write one setting a line",
		"yaml.yml":    "not valid YAML: ",
		"item.yml":    `line 2: "trusted-proxies" must be a list of plain values`,
		"missing.yml": "no such file",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.ReadFile(filepath.Join("testdata", "bad", name), config.Flags(config.Server{}))
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
				t.Errorf("error %v, want one with %q and the file's name", err, want)
			}
		})
	}
}

func TestReadFileSamplesAreAllUsed(t *testing.T) {
	t.Parallel()
	for folder, count := range map[string]int{"good": 4, "bad": 6} {
		entries, err := os.ReadDir(filepath.Join("testdata", folder))
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != count {
			t.Errorf("testdata/%s has %d samples, the tests know %d", folder, len(entries), count)
		}
	}
}
