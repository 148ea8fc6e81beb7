// Command bridle is a self-hosted CI control plane that official Buildkite agents and clients work against, and a way to
// run a repository's pipeline on this machine.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// terminal is where a command reads and writes.
type terminal struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// exitStatus is an error that has been told already and only sets the exit status.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

const (
	exitOK     = 0
	exitFailed = 1
	// exitUsage is for command lines that cannot be understood.
	exitUsage = 2
)

// run runs a command line and returns the exit status.
func run(args []string, t terminal) int {
	command, err := parse(args, t)
	if err == nil && command == nil {
		return exitOK // help was asked for
	}
	if err != nil {
		fmt.Fprintf(t.err, "bridle: %s\n", err)
		return exitUsage
	}
	err = command(t)
	var status exitStatus
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintf(t.err, "bridle: %s\n", err)
	return exitFailed
}
