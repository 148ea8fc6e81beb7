package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// postgresPackages are those whose tests must have run on PostgreSQL, as ends of their paths.
var postgresPackages = []string{"internal/store/sqldb", "internal/store/storetest", "internal/queue", "internal/bus/postgres"}

// event is a line of go test -json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// report turns the events of go test into what a person wants to read: a line per package, and everything that a failed
// test printed.
type report struct {
	out io.Writer
	// excusePostgres lets tests fail for the want of a PostgreSQL server.
	excusePostgres bool

	held     map[string][]string // what unfinished tests printed, by package and test
	failures map[string][]string // tests that failed, by package
	lacking  map[string]bool     // those of them that had no PostgreSQL, by package and test

	packages int
	failed   []string // packages, and tests in them
	excused  int      // tests that had no PostgreSQL
	broken   bool     // something did not even build
	postgres map[string]int
}

func newReport(out io.Writer) *report {
	return &report{
		out: out, held: map[string][]string{}, failures: map[string][]string{}, lacking: map[string]bool{}, postgres: map[string]int{},
	}
}

// line takes one line of the go command: an event, or else a message of its own.
func (r *report) line(text []byte) {
	var e event
	if err := json.Unmarshal(text, &e); err != nil {
		fmt.Fprintf(r.out, "%s\n", text)
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "build-fail":
		r.broken = true
	case "output":
		r.output(e, key)
	case "pass", "skip":
		r.passed(e, key)
	case "fail":
		r.fail(e, key)
	}
}

// output holds what is printed until it is known whether anybody wants to read it.
func (r *report) output(e event, key string) {
	if e.Test != "" && strings.HasPrefix(e.Output, "=== ") {
		return
	}
	r.held[key] = append(r.held[key], e.Output)
	if strings.Contains(e.Output, "no PostgreSQL server is installed") && r.excusePostgres {
		r.lacking[key] = true
	}
}

func (r *report) passed(e event, key string) {
	if e.Test != "" {
		if e.Action == "pass" && onPostgres(e) {
			r.postgres[e.Package]++
		}
		delete(r.held, key)
		return
	}
	r.packages++
	r.printSummary(key)
}

// printSummary prints the last line about a package that is well. Others before it are only noise.
func (r *report) printSummary(key string) {
	for _, text := range r.held[key] {
		if strings.HasPrefix(text, "ok ") || strings.HasPrefix(text, "?") || strings.HasPrefix(text, "\t") {
			fmt.Fprint(r.out, text)
		}
	}
	delete(r.held, key)
}

func (r *report) fail(e event, key string) {
	if e.Test != "" {
		r.failures[e.Package] = append(r.failures[e.Package], e.Test)
		return
	}
	r.packages++
	failures, lacking := r.judge(e.Package)
	if len(failures) == 0 && lacking > 0 {
		r.excused += lacking
		fmt.Fprintf(r.out, "ok  \t%s\twithout %d tests on PostgreSQL\n", e.Package, lacking)
		return
	}
	for _, test := range failures {
		for _, text := range r.held[e.Package+" "+test] {
			fmt.Fprint(r.out, text)
		}
		r.failed = append(r.failed, short(e.Package)+"."+test)
	}
	if len(failures) == 0 {
		r.failed = append(r.failed, short(e.Package)) // it did not build, panicked or took too long
	}
	for _, text := range r.held[key] {
		fmt.Fprint(r.out, text)
	}
}

// judge returns the failed tests of a package that nothing excuses, and how many lacked PostgreSQL. A test that only
// failed because of a subtest says nothing of its own.
func (r *report) judge(pkg string) (failures []string, lacking int) {
	all := r.failures[pkg]
	for _, test := range all {
		switch {
		case r.lacking[pkg+" "+test], r.excusePostgres && aboutPostgres(pkg):
			lacking++
		case !slices.ContainsFunc(all, func(other string) bool { return strings.HasPrefix(other, test+"/") }):
			failures = append(failures, test)
		}
	}
	return failures, lacking
}

// onPostgres reports whether a test ran on PostgreSQL: tests on both engines have a subtest named for each.
func onPostgres(e event) bool {
	return slices.Contains(strings.Split(e.Test, "/"), "postgres") || aboutPostgres(e.Package)
}

// aboutPostgres reports whether a package is about nothing else.
func aboutPostgres(pkg string) bool {
	return strings.HasSuffix(pkg, "internal/bus/postgres") || strings.HasSuffix(pkg, "internal/store/sqldb/pgtest")
}

// onPostgres counts the tests of a package, named by the end of its path, that passed on PostgreSQL.
func (r *report) onPostgres(name string) int {
	n := 0
	for path, count := range r.postgres {
		if strings.HasSuffix(path, "/"+name) {
			n += count
		}
	}
	return n
}

// short is a package's path inside its module.
func short(path string) string {
	return strings.TrimPrefix(path, "github.com/bridle-ci/bridle/")
}
