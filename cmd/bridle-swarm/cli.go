package main

import (
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/bridle-ci/bridle/internal/swarm"
)

const description = `Load a server with simulated agents over the public agent API and measure how it does.

Progress goes to standard error; one JSON document with all figures, the parameters, the machine and its load goes to
standard output. The program ends with 1 when something happened that must not: a job lost or run twice, an agent that
gave up. Try it on a server that "bridle server --dev" started, whose tokens are the defaults, or let it start one:

  bridle-swarm jobs --repeat 5 --start 'bridle server --dev --data {data}'`

// cli is the command line. Each command has the shared options and its own.
type cli struct {
	Jobs      jobs      `cmd:"" help:"How many jobs per second go through the server; with --rate, how soon they are dispatched."`
	Idle      idle      `cmd:"" help:"What connected agents without work cost the server."`
	Broadcast broadcast `cmd:"" help:"How soon a change reaches all open streams."`
	Logs      logs      `cmd:"" help:"How fast the server takes the logs of jobs."`
	Rest      rest      `cmd:"" help:"How soon and how often the server answers REST, at any size of its history."`
	Soak      soak      `cmd:"" help:"A steady load for long, with figures over time, and with crashes if wished."`
}

type jobs struct {
	Options swarm.Options `embed:""`
	Own     swarm.Jobs    `embed:""`
}

// Help implements kong.HelpProvider.
func (jobs) Help() string {
	return `Examples:

  Throughput, all builds created before the agents start:
    bridle-swarm jobs --agents 100 --builds 500 --jobs-per-build 20

  Dispatch latency under a light load, from the request that creates a build to the job in an agent's hands:
    bridle-swarm jobs --agents 10 --jobs-per-build 1 --rate 5 --duration 30s`
}

type idle struct {
	Options swarm.Options `embed:""`
	Own     swarm.Idle    `embed:""`
}

// Help implements kong.HelpProvider.
func (idle) Help() string {
	return `Examples:

  Ten thousand open streams, one connection each, memory and CPU of the server included:
    bridle-swarm idle --agents 10000 --protocol http2 --server-pid "$(pidof bridle)"

  Ten thousand agents that poll:
    bridle-swarm idle --agents 10000 --mode poll --server-pid "$(pidof bridle)"

  The server alone at rest:
    bridle-swarm idle --agents 0 --start 'bridle server --dev --data {data}'`
}

type broadcast struct {
	Options swarm.Options   `embed:""`
	Own     swarm.Broadcast `embed:""`
}

// Help implements kong.HelpProvider.
func (broadcast) Help() string {
	return `Examples:

  A job for each of a thousand agents, let go at once by resuming their queue:
    bridle-swarm broadcast --agents 1000

  The end of a server, on ten thousand streams:
    bridle-swarm broadcast --agents 10000 --protocol http2 --change shutdown --start 'bridle server --dev --data {data}'`
}

type logs struct {
	Options swarm.Options `embed:""`
	Own     swarm.Logs    `embed:""`
}

// Help implements kong.HelpProvider.
func (logs) Help() string {
	return `Example:

  Sixteen jobs that send chunks of 64 KiB for ten seconds:
    bridle-swarm logs --agents 16`
}

type rest struct {
	Options swarm.Options `embed:""`
	Own     swarm.Rest    `embed:""`
}

// Help implements kong.HelpProvider.
func (rest) Help() string {
	return `Examples:

  Reads of a history that "bridle admin seed" wrote, on a server without --rate-limits:
    bridle-swarm rest --pipeline seed-1

  Sixty-four connections that create builds at once, of which none may be refused:
    bridle-swarm rest --calls create --connections 64`
}

type soak struct {
	Options swarm.Options `embed:""`
	Own     swarm.Soak    `embed:""`
}

// Help implements kong.HelpProvider.
func (soak) Help() string {
	return `Example:

  An hour of builds with logs, the server killed every minute and started again on its data:
    bridle-swarm soak --duration 1h --log-bytes 200000 --kill-every 1m --start 'bridle server --dev --data {data}'`
}

// chosen returns what a command measures.
func (c *cli) chosen(command string) (swarm.Options, swarm.Measurement) {
	switch command {
	case "jobs":
		return c.Jobs.Options, c.Jobs.Own
	case "idle":
		return c.Idle.Options, c.Idle.Own
	case "broadcast":
		return c.Broadcast.Options, c.Broadcast.Own
	case "logs":
		return c.Logs.Options, c.Logs.Own
	case "rest":
		return c.Rest.Options, c.Rest.Own
	case "soak":
		return c.Soak.Options, c.Soak.Own
	}
	panic("no measurement for command " + command) // kong has no other commands
}

// parameters are the values of all flags, for the report; those of secrets are hidden.
func parameters(parsed *kong.Context) map[string]string {
	values := map[string]string{}
	for _, flag := range parsed.Flags() {
		switch {
		case flag.Name == "help":
		case flag.Tag.Has("secret"):
			values[flag.Name] = "(hidden)"
		default:
			values[flag.Name] = fmt.Sprint(parsed.FlagValue(flag))
		}
	}
	return values
}
