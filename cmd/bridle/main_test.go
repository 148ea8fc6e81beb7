package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/platform/config"
)

// bridle runs a command line and returns what it printed and its exit status.
func bridle(args ...string) (out, errors string, status int) {
	var stdout, stderr bytes.Buffer
	status = run(args, terminal{in: strings.NewReader(""), out: &stdout, err: &stderr})
	return stdout.String(), stderr.String(), status
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "run", "server", "doctor", "admin", "admin organization create", "admin member add", "admin token create", "admin agent-token create", "version"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			out, errors, status := bridle(append(strings.Fields(command), "--help")...)
			if status != exitOK || errors != "" || !strings.Contains(out, "Usage: bridle "+command) {
				t.Errorf("status %d, errors %q, help\n%s", status, errors, out)
			}
			if strings.Contains(out, "Flags:\n") && len(command) > 0 && command != "version" && command != "admin" && !strings.Contains(out, "Example") {
				t.Errorf("no example in the help:\n%s", out)
			}
		})
	}
}

func TestNoCommandPrintsHelp(t *testing.T) {
	t.Parallel()
	if out, _, status := bridle(); status != exitOK || !strings.Contains(out, "Usage: bridle") {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if out, _, status := bridle("version"); status != exitOK || !strings.HasPrefix(out, "bridle ") {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.yml")
	if err := os.WriteFile(bad, []byte("listen: :8080\nlisen: :8081\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args   string
		status int
		want   string
	}{
		"unknown command":       {"serve", exitUsage, `See "bridle --help"`},
		"unknown flag":          {"server --lisen :80", exitUsage, `See "bridle server --help"`},
		"choice":                {"server --durability some", exitUsage, "--durability must be one of"},
		"duration":              {"server --shutdown-timeout soon", exitUsage, "shutdown-timeout"},
		"settings":              {"server --url ci.example.com", exitUsage, `--url "ci.example.com": write an address`},
		"missing file":          {"doctor --config /nowhere/at/all.yml", exitUsage, "/nowhere/at/all.yml"},
		"unknown key in a file": {"server --config " + bad, exitUsage, `bad.yml: line 2: "lisen" is no setting`},
		"scopes":                {"admin token create --scopes fly --data " + t.TempDir(), exitFailed, `--scopes: unknown scope "fly"`},
		"private key":           {"admin token create --scopes all --public-key " + publicKeyFile(t, true), exitFailed, "is a private key"},
		"role":                  {"admin member add --user bob@example.com --role guest", exitUsage, "--role must be one of"},
		"no scopes":             {"admin token create", exitUsage, "missing flags: --scopes"},
		"never started":         {"admin agent-token create --data " + t.TempDir(), exitFailed, "or start it first"},
		"history of nothing":    {"admin seed --builds 0 --data " + t.TempDir(), exitUsage, "--builds must be between 1 and"},
		"history of no server":  {"admin seed --data " + t.TempDir(), exitFailed, "or start it first"},
		"field":                 {"run --field version", exitFailed, `--field "version": write the field's key and its value`},
		"agents":                {"run --agents=-1", exitFailed, "--agents -1: use a number above zero"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, errors, status := bridle(strings.Fields(tt.args)...)
			if status != tt.status || !strings.Contains(errors, tt.want) {
				t.Errorf("status %d, want %d; errors %q, want %q", status, tt.status, errors, tt.want)
			}
		})
	}
}

// effective returns the settings that doctor shows, each as `value source`.
func effective(t *testing.T, args ...string) map[string]string {
	t.Helper()
	out, errors, _ := bridle(append([]string{"doctor"}, args...)...)
	if errors != "" {
		t.Fatal(errors)
	}
	_, settings, _ := strings.Cut(out, "\nSettings\n")
	settings, _, _ = strings.Cut(settings, "\nChecks\n")
	found := map[string]string{}
	for line := range strings.Lines(settings) {
		fields := strings.Fields(line)
		found[fields[0]] = strings.Join(fields[1:], " ")
	}
	return found
}

func TestSettingsGoByPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bridle.yml")
	text := "listen: 127.0.0.1:1\nurl: https://file.example.com\nlog-level: debug\ndata: " + t.TempDir() + "\nrate-limits: false\ndatabase: postgres://a:b@127.0.0.1:1/c\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BRIDLE_CONFIG", file) // so not parallel
	t.Setenv("BRIDLE_LISTEN", "127.0.0.1:2")
	t.Setenv("BRIDLE_URL", "https://env.example.com")

	got := effective(t, "--listen", "127.0.0.1:3")
	for flag, want := range map[string]string{
		"listen":      "127.0.0.1:3 flag",
		"url":         "https://env.example.com BRIDLE_URL",
		"log-level":   "debug " + file,
		"rate-limits": "false " + file,
		"log-format":  "auto default",
		"database":    "postgres://a:xxxxx@127.0.0.1:1/c " + file,
	} {
		if got[flag] != want {
			t.Errorf("%s: %q, want %q", flag, got[flag], want)
		}
	}
	var shown []string
	for _, flag := range config.Flags(config.Server{}) {
		if _, ok := got[flag]; !ok {
			shown = append(shown, flag)
		}
	}
	if len(shown) > 0 {
		t.Errorf("doctor does not show %v", shown)
	}
}

func TestDoctorFailsWithItsChecks(t *testing.T) {
	t.Parallel()
	out, _, status := bridle("doctor", "--data", t.TempDir(), "--database", "sqlite:///nowhere/at/all.db", "--listen", "127.0.0.1:0")
	if status != exitFailed || !strings.Contains(out, "FAIL  database") {
		t.Errorf("status %d:\n%s", status, out)
	}
	out, _, status = bridle("doctor", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	if status != exitOK || !strings.Contains(out, "ok    listen") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestAdminPrintsTheTokenAlone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := config.Server{
		Storage: config.Storage{Data: data, Durability: "normal"}, Network: config.Network{Listen: "127.0.0.1:0"},
		Limits:          config.Limits{RESTRateLimit: 1, RESTUserRateLimit: 1},
		Agents:          config.Agents{AgentPingInterval: time.Second, AgentJobStatusInterval: time.Second, AgentHeartbeatInterval: time.Second},
		First:           config.First{Organization: "main", AdminName: "Admin", AdminEmail: "admin@bridle.localhost"},
		ShutdownTimeout: time.Second,
	}
	a, err := app.Start(t.Context(), app.Config{Server: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	for command, form := range map[string]string{
		"admin token create --scopes read_builds":                                         `^bkua_[0-9a-f]+\n$`,
		"admin token create --scopes read_builds --public-key " + publicKeyFile(t, false): `^[0-9a-f-]{36}\n$`,
		"admin agent-token create":                                                        `^bkct_[0-9a-f]+\n$`,
		"admin token create --scopes all --allowed-ip-addresses 10.0.0.0/8,192.0.2.1":     `^bkua_[0-9a-f]+\n$`,
		"admin organization create --organization acme --name Acme":                       `^[0-9a-f-]{36}\n$`,
		"admin member add --user bob@example.com --user-name Bob --role admin":            `^[0-9a-f-]{36}\n$`,
	} {
		t.Run(command, func(t *testing.T) {
			out, errors, status := bridle(append(strings.Fields(command), "--data", data)...)
			if status != exitOK || errors != "" || !regexp.MustCompile(form).MatchString(out) {
				t.Errorf("status %d, out %q, errors %q", status, out, errors)
			}
		})
	}
	var greeting bytes.Buffer
	greet(&greeting, a, s)
	for _, want := range []string{a.Bootstrapped.APIToken, a.Bootstrapped.AgentToken, "curl -H", "buildkite-agent start", a.BaseURL + "/v3"} {
		if !strings.Contains(greeting.String(), want) {
			t.Errorf("%q is not in the greeting", want)
		}
	}
}

// publicKeyFile writes a new public key, or the private one that is not to be given away.
func publicKeyFile(t *testing.T, private bool) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, access.MinKeyBits)
	if err != nil {
		t.Fatal(err)
	}
	block := &pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)}
	if private {
		block = &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	}
	name := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestParseFields(t *testing.T) {
	t.Parallel()
	got, err := parseFields([]string{"version=1.2", "where=eu", "where=us", "note=a=b", "empty="})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"version": {"1.2"}, "where": {"eu", "us"}, "note": {"a=b"}, "empty": {""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
