package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/server"
	"github.com/bridle-ci/bridle/internal/service/accounts"
)

// Config is what a program is built from.
type Config struct {
	config.Server
	// AnyAgent lets every agent run every job, for a run on one machine.
	AnyAgent bool
	Log      *slog.Logger
	// Now is the clock of the database, and so of everything that is written; nil is time.Now.
	Now func() time.Time
	// Tasks works on the background tasks until its context ends; nil is the queue's own Run. Another one may drain the
	// queue at times of its own choosing.
	Tasks func(ctx context.Context, q *queue.Queue) error
}

// App is a running program.
type App struct {
	// BaseURL is the address clients know it by, without a slash at its end.
	BaseURL string
	// Addr is the address it serves on.
	Addr net.Addr
	// Bootstrapped is what this start put into an empty database.
	Bootstrapped accounts.Bootstrapped
	Services

	config  Config
	log     *slog.Logger
	state   *state
	faces   *faces
	server  *http.Server
	workers sync.WaitGroup
	// stopWorkers ends what works in the background.
	stopWorkers context.CancelFunc
	failed      chan error
	stop        sync.Once
	stopErr     error
}

// Start builds a program and starts it; it serves when Start returns. ctx bounds the start alone.
func Start(ctx context.Context, c Config) (*App, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("serve on %s: %w; choose another address with --listen", c.Listen, err)
	}
	a := &App{config: c, log: c.Log, Addr: listener.Addr(), BaseURL: baseURL(c.URL, listener.Addr()), failed: make(chan error, 1)}
	if err := a.start(ctx, listener); err != nil {
		return nil, errors.Join(err, a.release(), listener.Close())
	}
	return a, nil
}

func (a *App) start(ctx context.Context, listener net.Listener) error {
	var err error
	if a.state, err = openState(ctx, a.config); err != nil {
		return err
	}
	if a.Services, err = newServices(ctx, a.state, a.config, a.BaseURL); err != nil {
		return err
	}
	if a.Bootstrapped, err = a.Accounts.Bootstrap(ctx, firstStart(a.config.Server)); err != nil {
		return fmt.Errorf("first start: %w", err)
	}
	if err := a.Builds.Schedule(ctx); err != nil {
		return fmt.Errorf("schedule the sweep of builds: %w", err)
	}
	if err := a.Logs.Sweep(ctx); err != nil {
		return fmt.Errorf("clean up logs: %w", err)
	}
	if a.faces, err = newFaces(a.Services, a.state, a.config, a.BaseURL); err != nil {
		return err
	}
	a.server = server.NewHTTPServer(a.faces.handler)
	a.server.ErrorLog = slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)
	a.work(listener)
	return nil
}

// work starts what works in the background, and serves.
func (a *App) work(listener net.Listener) {
	ctx, cancel := context.WithCancel(context.Background())
	a.stopWorkers = cancel
	for name, run := range map[string]func(context.Context) error{
		"tasks":    a.workOnTasks,
		"accounts": a.Accounts.Run,
		"agents":   a.Agents.Run,
		"builds":   a.Builds.Run,
	} {
		a.workers.Go(func() {
			if err := run(ctx); err != nil {
				a.fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	for _, l := range []net.Listener{listener, a.faces.lot} {
		go func() {
			if err := a.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				a.fail(fmt.Errorf("serve: %w", err))
			}
		}()
	}
}

func (a *App) workOnTasks(ctx context.Context) error {
	if a.config.Tasks != nil {
		return a.config.Tasks(ctx, a.state.queue)
	}
	return a.state.queue.Run(ctx)
}

// Bus is where changes of builds, logs and agents are hinted at.
func (a *App) Bus() bus.Bus { return a.state.bus }

// fail remembers the first reason for which the program cannot go on.
func (a *App) fail(err error) {
	select {
	case a.failed <- err:
	default:
	}
}

// Failed gives the reason when the program cannot go on. It has to be stopped then, too.
func (a *App) Failed() <-chan error { return a.failed }

// Stop tells agents to go elsewhere, lets requests and tasks finish for at most the shutdown timeout, and then lets
// everything go.
func (a *App) Stop() error {
	a.stop.Do(func() { a.stopErr = a.shutDown() })
	return a.stopErr
}

func (a *App) shutDown() error {
	ctx, cancel := context.WithTimeout(context.Background(), a.config.ShutdownTimeout)
	defer cancel()
	a.faces.shutDown(ctx)
	err := a.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		a.log.Warn("requests were cut off", "after", a.config.ShutdownTimeout)
		err = a.server.Close()
	}
	a.stopWorkers()
	a.workers.Wait()
	return errors.Join(err, a.release())
}

func (a *App) release() error {
	if a.state == nil {
		return nil
	}
	return a.state.close()
}

// baseURL is the address in links: the one that is configured, else that of the listener, by a name that leads there
// from this machine.
func baseURL(configured string, addr net.Addr) string {
	if configured != "" {
		return strings.TrimRight(configured, "/")
	}
	host := addr.String()
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		host = fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return "http://" + host
}
