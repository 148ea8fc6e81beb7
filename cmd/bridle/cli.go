package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/bridle-ci/bridle/internal/platform/config"
)

// cli is the command line. Flags have environment variables of the same name behind BRIDLE_.
type cli struct {
	Run     runCommand     `cmd:"" help:"Run the pipeline of this repository here and now."`
	Server  serverCommand  `cmd:"" help:"Start the control plane."`
	Admin   adminCommand   `cmd:"" help:"Set up and repair a server from its machine."`
	Doctor  doctorCommand  `cmd:"" help:"Show the settings of a server in force, and check what they lead to."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

const description = `Self-hosted CI that Buildkite's agents, clients and pipelines work with.

Try it: go to a git repository with a .buildkite/pipeline.yml and type "bridle run".`

// fileFlag names the configuration file of the settings of a server.
type fileFlag struct {
	Config string `type:"existingfile" placeholder:"FILE" help:"Configuration file in YAML: the names of flags with their values, such as \"listen: 0.0.0.0:8080\". Flags and environment variables go before it."`
}

// parse reads a command line and returns what it asks for; nil when help was printed.
func parse(args []string, t terminal) (func(terminal) error, error) {
	var c cli
	var helped bool
	parser, err := kong.New(&c,
		kong.Name("bridle"),
		kong.Description(description),
		kong.DefaultEnvars("BRIDLE"),
		kong.Resolvers(fileResolver()),
		kong.Writers(t.out, t.err),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return nil, fmt.Errorf("the command line is declared wrongly: %w", err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, err := parser.Parse(args)
	if helped {
		return nil, nil
	}
	if err != nil {
		return nil, hint(err)
	}
	return func(t terminal) error { return ctx.Run(t, ctx) }, nil
}

// hint says where to read on.
func hint(err error) error {
	var parseError *kong.ParseError
	if errors.As(err, &parseError) && parseError.Context != nil && parseError.Context.Command() != "" {
		return fmt.Errorf("%w\nSee \"bridle %s --help\"", err, parseError.Context.Selected().Path())
	}
	return fmt.Errorf("%w\nSee \"bridle --help\"", err)
}

// settingNames are the keys of a configuration file.
var settingNames = config.Flags(config.Server{})

// fileResolver takes values from the configuration file for the settings that neither a flag nor a variable sets.
func fileResolver() kong.Resolver {
	var file *config.File
	return kong.ResolverFunc(func(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if !slices.Contains(settingNames, flag.Name) || isSet(flag) {
			return nil, nil
		}
		if file == nil {
			path := configPath(ctx)
			if path == "" {
				return nil, nil
			}
			var err error
			if file, err = config.ReadFile(path, settingNames); err != nil {
				return nil, err
			}
		}
		value, ok := file.Value(flag.Name)
		if !ok {
			return nil, nil
		}
		return value, nil
	})
}

// isSet reports whether an environment variable of the flag is set.
func isSet(flag *kong.Flag) bool {
	return slices.ContainsFunc(flag.Envs, func(name string) bool {
		_, ok := os.LookupEnv(name)
		return ok
	})
}

func configPath(ctx *kong.Context) string {
	for _, flag := range ctx.Flags() {
		if flag.Name == "config" {
			if path, ok := ctx.FlagValue(flag).(string); ok {
				return path
			}
		}
	}
	return ""
}
