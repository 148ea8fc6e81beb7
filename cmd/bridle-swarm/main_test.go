package main

import (
	"testing"

	"github.com/alecthomas/kong"
)

// parse parses arguments as the program does.
func parse(t *testing.T, args ...string) (*cli, *kong.Context) {
	t.Helper()
	c := &cli{}
	parser, err := newParser(c)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	return c, parsed
}

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"jobs", "idle", "broadcast", "logs", "rest", "soak"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			args := []string{command}
			if command == "rest" {
				args = append(args, "--pipeline", "seed-1") // it has no pipeline of its own
			}
			c, parsed := parse(t, args...)
			options, measurement := c.chosen(parsed.Command())
			if err := options.Validate(); err != nil {
				t.Error(err)
			}
			if err := measurement.Validate(options); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEveryFlagIsExplained(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"jobs", "idle", "broadcast", "logs", "rest", "soak"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			_, parsed := parse(t, command)
			for _, flag := range parsed.Flags() {
				if flag.Help == "" {
					t.Errorf("--%s has no help", flag.Name)
				}
			}
		})
	}
}

func TestParametersHideTokens(t *testing.T) {
	t.Parallel()
	_, parsed := parse(t, "jobs", "--api-token", "bkua_mine", "--rate", "2.5", "--patience", "90s")
	got := parameters(parsed)
	want := map[string]string{"api-token": "(hidden)", "agent-token": "(hidden)", "rate": "2.5", "patience": "1m30s", "agents": "100"}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	if _, found := got["help"]; found {
		t.Error("help is no parameter")
	}
}
