package host

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// process writes /proc files of process 7.
func process(t *testing.T, stat, status string) Process {
	t.Helper()
	proc := t.TempDir()
	if err := os.Mkdir(filepath.Join(proc, "7"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"stat": stat, "status": status} {
		if err := os.WriteFile(filepath.Join(proc, "7", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Process{PID: 7, proc: proc}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	p := process(t, "7 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 16 17", "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n")
	got, err := p.Usage()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Usage{Resident: 1 << 20, Peak: 2 << 20, CPU: 2 * time.Second}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestUsageOfNothing(t *testing.T) {
	t.Parallel()
	tests := map[string]Process{
		"no process":      {PID: 8, proc: t.TempDir()},
		"stat is short":   process(t, "7 (a) S 1", ""),
		"stat is no line": process(t, "", ""),
		"times are words": process(t, "7 (a) S 1 2 3 4 5 6 7 8 9 10 one two 16", ""),
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if usage, err := p.Usage(); err == nil {
				t.Errorf("got %+v, want an error", usage)
			}
		})
	}
}

func TestLoads(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]float64{0.5, 1.25, 2}, loads([]byte("0.50 1.25 2.00 1/100 42\n"))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := loads(nil); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

func TestModel(t *testing.T) {
	t.Parallel()
	if got := model([]byte("processor\t: 0\nmodel name\t: EPYC\nprocessor\t: 1\n")); got != "EPYC" {
		t.Errorf("got %q, want EPYC", got)
	}
}

// TestMain lets this program be the server that tests start.
func TestMain(m *testing.M) {
	if address := os.Getenv("SWARM_TEST_SERVER"); address != "" {
		fmt.Println(http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/args" {
				fmt.Fprint(w, strings.Join(os.Args[1:], " "))
			}
		})))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// freeAddress returns an address nobody serves on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestStartCrashStop(t *testing.T) {
	t.Parallel()
	address := &url.URL{Scheme: "http", Host: freeAddress(t)}
	s, err := Start(t.Context(), "env SWARM_TEST_SERVER="+address.Host+" "+os.Args[0]+" --data {data}", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if !strings.HasSuffix(s.process.Args[2], "--data "+filepath.Join(s.dir, "data")) {
		t.Errorf("command is %q", s.process.Args[2])
	}
	before := s.PID()
	if err := s.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.PID() == before || s.StartedIn <= 0 {
		t.Errorf("process %d after %d, ready in %v", s.PID(), before, s.StartedIn)
	}
	s.Stop()
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("folder of the server is still there: %v", err)
	}
	if s.ready(t.Context()) {
		t.Error("server still answers")
	}
}

func TestStartOfAServerThatEnds(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), "sh -c 'echo no license; exit 3'", &url.URL{Scheme: "http", Host: freeAddress(t)})
	if err == nil || !strings.Contains(err.Error(), "no license") {
		t.Errorf("got %v, want the server's words", err)
	}
}

func TestStartWhereAnotherServes(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(other.Close)
	address, err := url.Parse(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), "true", address); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("got %v, want to hear of the other server", err)
	}
}
