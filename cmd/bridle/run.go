package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/bridle-ci/bridle/internal/localrun"
	"github.com/bridle-ci/bridle/internal/localrun/prompt"
	"github.com/bridle-ci/bridle/internal/platform/logging"
)

type runCommand struct {
	Pipeline string `arg:"" optional:"" help:"Pipeline file; without it the repository's own, such as .buildkite/pipeline.yml."`

	Step     string            `placeholder:"KEY" help:"Run only the step with this key and what it depends on by depends_on."`
	Commit   string            `placeholder:"REF" help:"Build a committed state instead of the working tree."`
	Branch   string            `help:"Branch to build; the one that is checked out by default."`
	Message  string            `help:"Message of the build; that of the commit by default."`
	Env      map[string]string `placeholder:"K=V" mapsep:"none" help:"Environment variable of the build. May be repeated."`
	MetaData map[string]string `placeholder:"K=V" mapsep:"none" help:"Meta-data of the build. May be repeated."`
	Unblock  []string          `placeholder:"KEY" help:"Let block and input steps with this key go on without asking; \"all\" for all of them. May be repeated."`
	Field    []string          `placeholder:"K=V" sep:"none" help:"Answer for a field of a block or input step. May be repeated, also for a field that takes several values."`

	Agents int    `placeholder:"N" help:"How many agents to run; one for each CPU up to 4 by default."`
	Agent  string `placeholder:"PATH" help:"The official buildkite-agent to use. Without it one is looked for, and built once if there is none."`
	Output string `enum:"auto,pretty,plain,json" default:"auto" help:"What is printed: pretty for a person, plain for a file, json for a program, auto is pretty on a terminal and else plain."`
	Keep   bool   `help:"Keep logs and artifacts in .bridle in the repository."`
}

// Help is shown below the flags.
func (runCommand) Help() string {
	return `The working tree is built as it is, uncommitted changes included. The jobs run in fresh checkouts on this machine,
by the official agent against a private control plane that is gone afterwards.

The exit status is 0 when the build passed, 1 when it did not, and 130 after Ctrl-C, which cancels the build and lets
the jobs clean up; a second Ctrl-C ends them at once.

Examples:

  bridle run
  bridle run --step test
  bridle run --commit HEAD~1 --env DEPLOY=no
  bridle run --unblock all --field version=1.2.3 release.yml
  bridle run --output json | jq 'select(.event == "job")'`
}

// maxAgents bounds the default number of agents.
const maxAgents = 4

// Run runs the pipeline.
func (c runCommand) Run(t terminal) error {
	fields, err := parseFields(c.Field)
	if err != nil {
		return err
	}
	if c.Agents < 0 {
		return fmt.Errorf("--agents %d: use a number above zero", c.Agents)
	}
	agents := c.Agents
	if agents == 0 {
		agents = min(runtime.NumCPU(), maxAgents)
	}
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(interrupts)
	o := localrun.Options{
		File: c.Pipeline, Step: c.Step, Commit: c.Commit, Branch: c.Branch, Message: c.Message, Env: c.Env,
		MetaData: c.MetaData, Unblock: c.Unblock, Fields: fields, Agents: agents, Agent: c.Agent, Keep: c.Keep,
		Environment: os.Environ(), Interrupts: interrupts, Output: c.output(t),
	}
	if logging.IsTerminal(t.in) && logging.IsTerminal(t.out) && c.Output != "json" {
		o.Asker = prompt.NewAsker(t.in, t.out)
	}
	status, err := localrun.Run(context.Background(), o)
	if err != nil {
		fmt.Fprintf(t.err, "bridle: %s\n", err)
	}
	if status != exitOK {
		return exitStatus(status)
	}
	return nil
}

// parseFields reads K=V answers; a key may come several times.
func parseFields(given []string) (map[string][]string, error) {
	fields := map[string][]string{}
	for _, text := range given {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--field %q: write the field's key and its value, such as version=1.2.3", text)
		}
		fields[key] = append(fields[key], value)
	}
	return fields, nil
}
