package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/platform/config"
)

type doctorCommand struct {
	fileFlag
	config.Server
}

// Help is shown below the flags.
func (doctorCommand) Help() string {
	return `Takes the flags, variables and configuration file that "bridle server" would, and changes nothing.

Example:

  bridle doctor --config /etc/bridle.yml`
}

// checkTimeout bounds all checks together.
const checkTimeout = 15 * time.Second

// Run prints the settings and the checks; it fails when a check did.
func (c doctorCommand) Run(t terminal, ctx *kong.Context) error {
	if err := showSettings(t.out, c.Server, sources(ctx)); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	healthy := true
	fmt.Fprintf(t.out, "\nChecks\n")
	for _, check := range app.Examine(limited, c.Server) {
		mark := "ok  "
		switch {
		case check.Err != nil:
			mark, healthy = "FAIL", false
		case check.Warning:
			mark = "warn"
		}
		text := check.Text
		if check.Err != nil {
			text = check.Err.Error()
		}
		fmt.Fprintf(t.out, "  %s  %-8s  %s\n", mark, check.Name, strings.ReplaceAll(text, "\n", "; "))
	}
	if !healthy {
		return exitStatus(exitFailed)
	}
	return nil
}

// showSettings prints every setting with where it comes from.
func showSettings(w io.Writer, s config.Server, from map[string]string) error {
	fmt.Fprintf(w, "bridle %s\n\nSettings\n", currentVersion())
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range config.Fields(s) {
		value := f.Value
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\n", f.Flag, value, from[f.Flag])
	}
	return table.Flush()
}

// sources tells where each flag of a command got its value from.
func sources(ctx *kong.Context) map[string]string {
	from := map[string]string{}
	for _, flag := range ctx.Flags() {
		from[flag.Name] = "default"
		if isSet(flag) {
			from[flag.Name] = flag.Envs[0]
		}
	}
	for _, path := range ctx.Path {
		switch {
		case path.Flag == nil:
		case path.Resolved:
			from[path.Flag.Name] = configPath(ctx)
		default:
			from[path.Flag.Name] = "flag"
		}
	}
	return from
}
