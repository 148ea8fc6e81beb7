package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/agentbin"
)

// suite is what the stages share.
type suite struct {
	complete bool
	out      io.Writer
	machine  machine
	// notes are what was left out, for the end.
	notes []string
}

// stage is one part of the tests.
type stage struct {
	name string
	what string
	run  func(ctx context.Context, s *suite) error
}

// Packages with a stage of their own; unit runs the rest.
var (
	scenarioPackages = []string{"./test/scenario/..."}
	storePackages    = []string{"./internal/store/...", "./internal/queue/...", "./internal/bus/...", "./internal/blob/..."}
	compatPackages   = []string{"./test/compat/..."}
	examplePackages  = []string{"./test/examples/..."}
	racePackages     = []string{"./internal/core/...", "./internal/service/...", "./internal/queue/...", "./internal/bus/..."}
)

// modules are those beside the product's, from the top of the repository. The agent's own has no code of ours.
var modules = []string{"agent/zzglob", "tools"}

var stages = []stage{
	{"format", "gofumpt leaves every file as it is", format},
	{"lint", "go vet and staticcheck, all modules", lint},
	{"unit", "every package without a stage of its own", unit},
	{"scenario", "stories about builds, as text files", func(ctx context.Context, s *suite) error {
		return s.test(ctx, scenarioPackages...)
	}},
	{"store", "store, queue, bus and blobs, on SQLite and PostgreSQL", conformance},
	{"modules", "the modules " + strings.Join(modules, " and "), testModules},
	{"compat", "the official agent and Go client against a server", compat},
	{"examples", "the programs in examples, in every language", examples},
	{"race", "core, services, queue and bus with the race detector", race},
}

// choose picks stages by their names, in the order of the table; no names are all of them.
func choose(only string) ([]stage, error) {
	if only == "" {
		return stages, nil
	}
	names := strings.Split(only, ",")
	var chosen []stage
	for _, s := range stages {
		if slices.Contains(names, s.name) {
			chosen = append(chosen, s)
			names = slices.DeleteFunc(names, func(name string) bool { return name == s.name })
		}
	}
	if len(names) > 0 {
		return nil, fmt.Errorf("there is no stage %q: --help lists them", names[0])
	}
	return chosen, nil
}

func unit(ctx context.Context, s *suite) error {
	all, err := list(ctx, "./...")
	if err != nil {
		return err
	}
	apart, err := list(ctx, slices.Concat(scenarioPackages, storePackages, compatPackages, examplePackages)...)
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(all, func(path string) bool { return slices.Contains(apart, path) })
	return s.test(ctx, rest...)
}

func list(ctx context.Context, patterns ...string) ([]string, error) {
	text, err := output(ctx, "go", append([]string{"list"}, patterns...)...)
	return strings.Fields(text), err
}

// conformance also proves that the half on PostgreSQL has run: a package that stopped asking for it would pass.
func conformance(ctx context.Context, s *suite) error {
	report, err := s.testReport(ctx, ".", storePackages...)
	if err != nil || !s.machine.postgres {
		return err
	}
	for _, name := range postgresPackages {
		if report.onPostgres(name) == 0 {
			return fmt.Errorf("no test of %s ran on PostgreSQL", name)
		}
	}
	return nil
}

func testModules(ctx context.Context, s *suite) error {
	var errs []error
	for _, folder := range modules {
		_, err := s.testReport(ctx, folder, "./...")
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// anew is for tests that build the program themselves: go test does not know that their results depend on it, and would
// tell those of an older one.
var anew = []string{"-count=1"}

// compat has the agent at hand before the tests begin, so that its build does not count against their time.
func compat(ctx context.Context, s *suite) error {
	agent, err := agentbin.Finder{Progress: func(line string) { fmt.Fprintln(s.out, line) }}.Find(ctx)
	if err != nil {
		return fmt.Errorf("find an agent: %w", err)
	}
	fmt.Fprintf(s.out, "agent %s (%s): %s\n", agent.Version, agent.Origin, agent.Path)
	return s.test(ctx, slices.Concat(anew, compatPackages)...)
}

func examples(ctx context.Context, s *suite) error {
	if !s.machine.tools {
		s.notes = append(s.notes, "the examples: "+noTools)
		return errLeftOut
	}
	return s.test(ctx, slices.Concat(anew, examplePackages)...)
}

func race(ctx context.Context, s *suite) error {
	if !s.machine.compiler {
		s.notes = append(s.notes, "the race detector: "+noCompiler)
		return errLeftOut
	}
	if err := os.Setenv("CGO_ENABLED", "1"); err != nil {
		return err
	}
	return s.test(ctx, append([]string{"-race"}, racePackages...)...)
}
