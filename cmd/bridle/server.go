package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/platform/logging"
)

type serverCommand struct {
	fileFlag
	config.Server
}

// Help is shown below the flags.
func (serverCommand) Help() string {
	return `Without flags the state is in ./bridle-data and the address is http://127.0.0.1:8080. The first start prints the
tokens to begin with; they are shown only then. With --dev agents report every second, whatever their intervals are set
to.

Examples:

  bridle server
  bridle server --listen 0.0.0.0:8080 --url https://ci.example.com --data /var/lib/bridle
  bridle server --database postgres://bridle@db.internal/bridle
  BRIDLE_LISTEN=:9000 bridle server --config /etc/bridle.yml
  bridle server --dev            # fixed tokens and throw-away state, to try things out`
}

// Run serves until it is told to stop.
func (c serverCommand) Run(t terminal) error {
	log, err := logging.New(t.err, c.LogLevel, c.LogFormat)
	if err != nil {
		return err
	}
	// The signals are taken before there is anything to stop.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	giveGarbageRoom()
	a, err := app.Start(ctx, app.Config{Server: c.Server, Log: log})
	if err != nil {
		return err
	}
	greet(t.out, a, c.Server)
	log.Info("serving", "address", a.Addr.String(), "url", a.BaseURL, "version", currentVersion())
	if c.URL == "" && reachable(a.Addr) {
		log.Warn("other machines may connect, but links and uploads lead to " + a.BaseURL + ": set --url to the address they know this server by")
	}
	select {
	case <-ctx.Done():
		stop() // a second signal ends the process at once
		log.Info("stopping")
		return a.Stop()
	case err := <-a.Failed():
		log.Error("stopping", "error", err)
		return fmt.Errorf("%w; stop: %w", err, a.Stop())
	}
}

// reachable reports whether other machines can connect to an address.
func reachable(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && !tcp.IP.IsLoopback()
}

// greet prints what the first start made.
func greet(w io.Writer, a *app.App, s config.Server) {
	b := a.Bootstrapped
	if !b.Created {
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "This is the first start. These tokens are shown only now:\n\n")
	if s.Dev {
		text.Reset()
		fmt.Fprintf(&text, "Development server: its tokens are known to everybody.\n\n")
	}
	fmt.Fprintf(&text, "  Organization     %s\n  User             %s\n  API token        %s\n  Read-only token  %s\n  Agent token      %s\n",
		b.Organization.Slug, b.User.Email, b.APIToken, b.ReadToken, b.AgentToken)
	fmt.Fprintf(&text, "\nAsk the API:\n\n  curl -H \"Authorization: Bearer %s\" %s/v2/organizations/%s/pipelines\n", b.APIToken, a.BaseURL, b.Organization.Slug)
	fmt.Fprintf(&text, "\nStart an agent:\n\n  buildkite-agent start --token %s --endpoint %s/v3 --build-path builds\n\n", b.AgentToken, a.BaseURL)
	_, _ = io.WriteString(w, text.String()) // the server runs whether or not anybody reads it
}
