// Command test runs Bridle's tests, all of them or some stages. It is what README.md, .ci/run and .buildkite/pipeline.yml
// call.
//
//	go run ./scripts/test
//	go run ./scripts/test --only format,lint
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const usage = `Runs Bridle's tests, stage by stage, and goes on after a stage that failed.

  go run ./scripts/test                      every stage
  go run ./scripts/test --only unit          one stage
  go run ./scripts/test --only format,lint   some stages
  go run ./scripts/test --complete           fail when this machine lacks PostgreSQL, a C compiler or what the examples need

Go and git are enough. Without PostgreSQL the tests on it are left out, without a C compiler those with the race
detector, without curl, jq, openssl, python3 and node the examples, and the last lines say so. PostgreSQL is found by BRIDLE_TEST_POSTGRES, the address of a server on which
databases may be created, or started from installed binaries as a private server in a temporary folder.

Stages:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	only := flags.String("only", "", "")
	complete := flags.Bool("complete", false, "")
	flags.SetOutput(io.Discard)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		help(os.Stdout)
		return nil
	case err != nil:
		return fmt.Errorf("%w: --help says what there is", err)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: name stages with --only", flags.Arg(0))
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	s := &suite{complete: *complete, out: os.Stdout}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	return s.run(ctx, chosen)
}

func help(out io.Writer) {
	fmt.Fprint(out, usage)
	for _, s := range stages {
		fmt.Fprintf(out, "  %-9s %s\n", s.name, s.what)
	}
}

// prepare goes to the top of the module, wherever in it the command was started, and looks at the machine.
func (s *suite) prepare(ctx context.Context) error {
	gomod, err := output(ctx, "go", "env", "GOMOD")
	if err != nil {
		return err
	}
	if err := os.Chdir(filepath.Dir(strings.TrimSpace(gomod))); err != nil {
		return fmt.Errorf("go to the top of the module: %w", err)
	}
	s.machine = lookAround(ctx)
	if err := forgetJob(); err != nil {
		return err
	}
	lacks := s.machine.lacks()
	if s.complete && len(lacks) > 0 {
		return fmt.Errorf("this machine lacks what --complete asks for: %s", strings.Join(lacks, "; "))
	}
	return nil
}

// result is how a stage went.
type result struct {
	name string
	took time.Duration
	err  error
}

func (s *suite) run(ctx context.Context, chosen []stage) error {
	var results []result
	for _, st := range chosen {
		s.heading("%s: %s", st.name, st.what)
		began := time.Now()
		err := st.run(ctx, s)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		r := result{name: st.name, took: time.Since(began).Round(100 * time.Millisecond), err: err}
		fmt.Fprintln(s.out, r)
		if r.failed() {
			fmt.Fprintln(s.out, err)
		}
		results = append(results, r)
	}
	return s.conclude(results)
}

// conclude prints what came of the stages, and what was left out.
func (s *suite) conclude(results []result) error {
	s.heading("summary")
	var failed []string
	for _, r := range results {
		fmt.Fprintln(s.out, r)
		if r.failed() {
			failed = append(failed, r.name)
		}
	}
	for _, note := range s.notes {
		fmt.Fprintln(s.out, "left out:", note)
	}
	if len(failed) > 0 {
		return fmt.Errorf("failed: %s; run one again with: go run ./scripts/test --only %s", strings.Join(failed, ", "), failed[0])
	}
	fmt.Fprintln(s.out, "all passed")
	return nil
}

// errLeftOut is a stage's that this machine cannot run, for which there is a note.
var errLeftOut = errors.New("left out")

func (r result) failed() bool { return r.err != nil && !errors.Is(r.err, errLeftOut) }

func (r result) String() string {
	outcome := "passed"
	switch {
	case r.failed():
		outcome = "FAILED"
	case r.err != nil:
		outcome = "left out"
	}
	return fmt.Sprintf("%-9s %s in %s", r.name, outcome, r.took)
}

// heading begins a stage. In the log of a build it opens a group.
func (s *suite) heading(format string, args ...any) {
	mark := "==>"
	if s.machine.inBuild {
		mark = "---"
	}
	fmt.Fprintf(s.out, "\n%s %s\n", mark, fmt.Sprintf(format, args...))
}
