package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/platform/config"
)

type adminCommand struct {
	Organization organizationCommand `cmd:"" help:"Organizations."`
	Member       memberCommand       `cmd:"" help:"Members of organizations."`
	Token        tokenCommand        `cmd:"" help:"API tokens."`
	AgentToken   agentTokenCommand   `cmd:"" help:"Tokens that agents register with."`
	Seed         seedCommand         `cmd:"" help:"Write a long history of builds, for measuring."`
}

type tokenCommand struct {
	Create createTokenCommand `cmd:"" help:"Make an API token and print it."`
}

type agentTokenCommand struct {
	Create createAgentTokenCommand `cmd:"" help:"Make an agent token and print it."`
}

// administration is what every administrative command needs: the server's own state, running or not.
type administration struct {
	fileFlag
	config.Storage
	Organization string `default:"main" help:"Slug of the organization."`
}

// open opens the server's state and calls fn with it.
func (c administration) open(fn func(ctx context.Context, a *app.Admin) error) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := c.Validate(); err != nil {
		return err
	}
	a, err := app.OpenAdmin(ctx, c.Storage, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := a.Close(); err == nil {
			err = closeErr
		}
	}()
	return fn(ctx, a)
}

type createTokenCommand struct {
	administration
	Scopes      []string      `required:"" help:"What the token may do: all, read_only, or names such as read_builds,write_builds."`
	User        string        `default:"admin@bridle.localhost" help:"Email address of the user whose token it is."`
	Description string        `default:"Made by bridle admin" help:"What the token is for."`
	ExpiresIn   time.Duration `placeholder:"720h" help:"How long the token is good for; without it, until it is revoked."`
	AllowedIPs  []string      `name:"allowed-ip-addresses" placeholder:"CIDR" help:"Addresses and networks that the token may be used from, at most 24; without them, from everywhere."`
	PublicKey   string        `placeholder:"FILE" type:"existingfile" help:"RSA public key of 2048 to 4096 bits in PEM form: makes a token without a secret, for who signs each request with the private key, and prints its id."`
}

// Help is shown below the flags.
func (createTokenCommand) Help() string {
	return `The token goes to standard output, and nothing else does.

Example:

  TOKEN=$(bridle admin token create --scopes read_builds,read_pipelines --description dashboard)

With --public-key there is no secret to keep. What is printed is the token's id; each request carries a JWT that the
private key signed with RS256, whose iss is that id, whose iat is now, and whose exp is at most five minutes later:

  openssl genrsa -out key.pem 2048
  openssl rsa -in key.pem -pubout -out public.pem
  ISSUER=$(bridle admin token create --scopes read_builds --public-key public.pem)`
}

// Run makes a token.
func (c createTokenCommand) Run(t terminal) error {
	scopes, err := access.ParseScopes(strings.Join(c.Scopes, ","))
	if err != nil {
		return fmt.Errorf("--scopes: %w", err)
	}
	key, err := c.readKey()
	if err != nil {
		return err
	}
	return c.open(func(ctx context.Context, a *app.Admin) error {
		token, err := a.CreateToken(ctx, app.NewToken{
			Organization: c.Organization, User: c.User, Description: c.Description, Scopes: scopes, ExpiresIn: c.ExpiresIn,
			AllowedIPAddresses: strings.Join(c.AllowedIPs, " "), PublicKey: key,
		})
		return printLine(t, token, err)
	})
}

// readKey reads the file of the public key; without one it is empty.
func (c createTokenCommand) readKey() (string, error) {
	if c.PublicKey == "" {
		return "", nil
	}
	key, err := os.ReadFile(c.PublicKey)
	if err != nil {
		return "", fmt.Errorf("--public-key: %w", err)
	}
	if _, err := access.ParsePublicKey(string(key)); err != nil {
		return "", fmt.Errorf("--public-key: %s %w", c.PublicKey, err)
	}
	return string(key), nil
}

type createAgentTokenCommand struct {
	administration
	Cluster     string        `help:"Name of the cluster; without it the default cluster."`
	Description string        `default:"Made by bridle admin" help:"What the token is for."`
	ExpiresIn   time.Duration `placeholder:"720h" help:"How long agents can register with the token; without it, until it is revoked."`
}

// Help is shown below the flags.
func (createAgentTokenCommand) Help() string {
	return `The token goes to standard output, and nothing else does.

Example:

  buildkite-agent start --token "$(bridle admin agent-token create)" --endpoint http://127.0.0.1:8080/v3`
}

// Run makes a token.
func (c createAgentTokenCommand) Run(t terminal) error {
	return c.open(func(ctx context.Context, a *app.Admin) error {
		token, err := a.CreateAgentToken(ctx, app.NewAgentToken{
			Organization: c.Organization, Cluster: c.Cluster, Description: c.Description, ExpiresIn: c.ExpiresIn,
		})
		return printLine(t, token, err)
	})
}

// printLine prints the one thing that a command is asked for, unless it failed.
func printLine(t terminal, line string, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.out, line)
	return err
}
