package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var errExit = errors.New("exit status 1")

func TestReport(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		events  string
		excuse  bool
		err     error // of the go command
		printed string
		verdict string // "" for none
	}{
		"a package passed": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    noise\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}`,
			printed: "ok  \tp\t0.1s\n",
		},
		"a subtest failed": {
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"--- FAIL: TestA\n"}
{"Action":"output","Package":"p","Test":"TestA/case","Output":"    a_test.go:7: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA/case"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}`,
			err:     errExit,
			printed: "    a_test.go:7: got 1, want 2\nFAIL\tp\t0.1s\n",
			verdict: "1 failed: p.TestA/case",
		},
		"a package did not build": {
			events: `{"Action":"build-output","ImportPath":"p","Output":"a.go:1: syntax error\n"}
{"Action":"build-fail","ImportPath":"p"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p"}`,
			err:     errExit,
			printed: "a.go:1: syntax error\nFAIL\tp [build failed]\n",
			verdict: "1 failed: p",
		},
		"PostgreSQL is missing and may be": {
			events: `{"Action":"output","Package":"p","Test":"TestA/postgres","Output":"    test database: no PostgreSQL server is installed\n"}
{"Action":"fail","Package":"p","Test":"TestA/postgres"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}`,
			excuse:  true,
			err:     errExit,
			printed: "ok  \tp\twithout 1 tests on PostgreSQL\n",
		},
		"PostgreSQL is missing and must not be": {
			events: `{"Action":"output","Package":"p","Test":"TestA/postgres","Output":"no PostgreSQL server is installed\n"}
{"Action":"fail","Package":"p","Test":"TestA/postgres"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			err:     errExit,
			printed: "no PostgreSQL server is installed\n",
			verdict: "1 failed: p.TestA/postgres",
		},
		"PostgreSQL is missing and something else failed": {
			events: `{"Action":"output","Package":"p","Test":"TestA/postgres","Output":"no PostgreSQL server is installed\n"}
{"Action":"fail","Package":"p","Test":"TestA/postgres"}
{"Action":"output","Package":"p","Test":"TestA/sqlite","Output":"wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA/sqlite"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			excuse:  true,
			err:     errExit,
			printed: "wrong\n",
			verdict: "1 failed: p.TestA/sqlite",
		},
		"PostgreSQL is missing for a package about nothing else": {
			events: `{"Action":"output","Package":"m/internal/bus/postgres","Test":"TestA","Output":"no PostgreSQL server is installed\n"}
{"Action":"fail","Package":"m/internal/bus/postgres","Test":"TestA"}
{"Action":"output","Package":"m/internal/bus/postgres","Test":"TestB","Output":"a consequence\n"}
{"Action":"fail","Package":"m/internal/bus/postgres","Test":"TestB"}
{"Action":"fail","Package":"m/internal/bus/postgres"}`,
			excuse:  true,
			err:     errExit,
			printed: "ok  \tm/internal/bus/postgres\twithout 2 tests on PostgreSQL\n",
		},
		"no packages": {
			events:  "no packages to test",
			printed: "no packages to test\n",
			verdict: "there are no packages",
		},
		"the go command failed": {
			err:     errExit,
			verdict: "go test: exit status 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var printed bytes.Buffer
			r := newReport(&printed)
			r.excusePostgres = tt.excuse
			for line := range strings.Lines(tt.events) {
				r.line([]byte(strings.TrimSuffix(line, "\n")))
			}
			if diff := cmp.Diff(tt.printed, printed.String()); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
			verdict := ""
			if err := r.verdict(tt.err); err != nil {
				verdict = err.Error()
			}
			if verdict != tt.verdict {
				t.Errorf("verdict %q, want %q", verdict, tt.verdict)
			}
		})
	}
}

func TestReportCountsPostgres(t *testing.T) {
	t.Parallel()
	r := newReport(&bytes.Buffer{})
	for _, line := range []string{
		`{"Action":"pass","Package":"m/internal/queue","Test":"TestA/postgres"}`,
		`{"Action":"pass","Package":"m/internal/queue","Test":"TestA/sqlite"}`,
		`{"Action":"pass","Package":"m/internal/queue","Test":"TestB/postgres/empty"}`,
		`{"Action":"skip","Package":"m/internal/queue","Test":"TestC/postgres"}`,
		`{"Action":"pass","Package":"m/internal/bus/postgres","Test":"TestBus"}`,
	} {
		r.line([]byte(line))
	}
	for name, want := range map[string]int{"internal/queue": 2, "internal/bus/postgres": 1, "internal/store/sqldb": 0} {
		if got := r.onPostgres(name); got != want {
			t.Errorf("%s: %d tests on PostgreSQL, want %d", name, got, want)
		}
	}
}

// TestMissingPostgresIsRecognized fails when the tests' help says in other words that there is no server.
func TestMissingPostgresIsRecognized(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../internal/store/sqldb/pgtest/private.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(source, []byte("no PostgreSQL server is installed")) {
		t.Error("pgtest reports a missing server in other words than report.go looks for")
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	for only, want := range map[string]string{
		"unit":        "unit",
		"lint,format": "format lint",
	} {
		t.Run(only, func(t *testing.T) {
			t.Parallel()
			chosen, err := choose(only)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, s := range chosen {
				names = append(names, s.name)
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("chose %q, want %q", got, want)
			}
		})
	}
	if chosen, err := choose(""); err != nil || len(chosen) != len(stages) {
		t.Errorf("chose %d of %d stages: %v", len(chosen), len(stages), err)
	}
	if _, err := choose("unit,units"); err == nil || !strings.Contains(err.Error(), `"units"`) {
		t.Errorf("error %v, want one that names the unknown stage", err)
	}
}
