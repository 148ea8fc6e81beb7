package main

import (
	"context"
	"fmt"
	"time"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/app/seed"
)

type seedCommand struct {
	administration
	Own seed.Options `embed:""`
}

// Help is shown below the flags.
func (seedCommand) Help() string {
	return `For measuring how a server does with a long history, and for nothing else: the builds never ran, their
logs are empty and their artifacts have no files. The server must have been started once; give it a database of its
own, since what is written is not taken out again.

Example:

  bridle admin seed --data /tmp/large --builds 1000000`
}

// Validate is called before the command runs.
func (c seedCommand) Validate() error { return c.Own.Validate() }

// progressEvery is how often the command says how far it is.
const progressEvery = 5 * time.Second

// Run writes the history.
func (c seedCommand) Run(t terminal) error {
	began := time.Now()
	said := began
	return c.open(func(ctx context.Context, a *app.Admin) error {
		err := a.Seed(ctx, c.Organization, c.Own, func(written int) {
			if time.Since(said) >= progressEvery {
				said = time.Now()
				fmt.Fprintf(t.err, "%d of %d builds\n", written, c.Own.Builds)
			}
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.out, "Wrote %d builds with %d jobs in %s\n",
			c.Own.Builds, c.Own.Builds*c.Own.Jobs, time.Since(began).Round(time.Second))
		return err
	})
}
