// Command bridle-swarm loads a server with simulated agents and measures how it does.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/bridle-ci/bridle/internal/swarm"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bridle-swarm:", err)
		os.Exit(1)
	}
}

// run measures what the arguments say, tells its progress on standard error, and prints the report on standard output.
func run(args []string) error {
	var c cli
	parser, err := newParser(&c)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	parser.FatalIfErrorf(err)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	options, measurement := c.chosen(parsed.Command())
	report, err := swarm.Run(ctx, options, measurement, os.Stderr)
	if err != nil && len(report.Repetitions) == 0 {
		return err
	}
	report.Command, report.Parameters = parsed.Command(), parameters(parsed)
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if printed := encoder.Encode(report); printed != nil {
		return errors.Join(err, fmt.Errorf("print report: %w", printed))
	}
	if problems := len(report.Problems()); err == nil && problems > 0 {
		return fmt.Errorf("%d problems, see the report", problems)
	}
	return err
}

func newParser(c *cli) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("bridle-swarm"),
		kong.Description(description),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
	)
}
