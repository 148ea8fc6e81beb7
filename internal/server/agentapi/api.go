package agentapi

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

// Paths are what this API answers: the REST calls, and the stream of pings, which agents look for at the host's root
// whatever path they were given.
var Paths = []string{"/v3/", "/" + agentedge.AgentEdgeServiceName + "/"}

// Intervals are how often agents do what they do, in whole seconds of at least one: an agent that is told zero dies.
type Intervals struct {
	Ping      time.Duration
	JobStatus time.Duration
	Heartbeat time.Duration
}

// DefaultIntervals suit a server that many agents use.
var DefaultIntervals = Intervals{Ping: 10 * time.Second, JobStatus: 10 * time.Second, Heartbeat: time.Minute}

// Config is what the API is built of. Services must be set; the rest has defaults.
type Config struct {
	Services
	// Intervals are handed out at registration; zero ones are the defaults.
	Intervals Intervals
	// Stream is about open streams; zero times are the defaults.
	Stream StreamTimes
	// TrustedProxies may name the client in X-Forwarded-For.
	TrustedProxies []netip.Prefix
	// Park, when set, lets a connection wait on which an answer has been given and nothing more is expected for a while
	// (server.Lot).
	Park func(w http.ResponseWriter, r *http.Request)
	Log  *slog.Logger
	Now  func() time.Time
	// Observe, when set, is told of every request when it has been answered. Route is the row's pattern, or empty for
	// an unknown route.
	Observe func(route string, status int, took time.Duration)
}

// API answers agents. It is safe for concurrent use.
type API struct {
	Config
	router  router
	stream  http.Handler
	streams *streams
}

// New returns the API.
func New(c Config) *API {
	c.Intervals.Ping = cmp.Or(c.Intervals.Ping, DefaultIntervals.Ping)
	c.Intervals.JobStatus = cmp.Or(c.Intervals.JobStatus, DefaultIntervals.JobStatus)
	c.Intervals.Heartbeat = cmp.Or(c.Intervals.Heartbeat, DefaultIntervals.Heartbeat)
	c.Stream.Keepalive = cmp.Or(c.Stream.Keepalive, DefaultStreamTimes.Keepalive)
	c.Stream.Recycle = cmp.Or(c.Stream.Recycle, DefaultStreamTimes.Recycle)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &API{Config: c, router: newRouter(routes), streams: newStreams()}
	a.stream = a.streamHandler()
	return a
}

// Shutdown ends all streams so that agents go to another node, and refuses new ones. It returns when the agents were told
// or ctx has ended: http.Server.Shutdown does not wait for streams whose connection was taken from it.
func (a *API) Shutdown(ctx context.Context) { a.streams.shutdown(ctx) }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == agentedge.AgentEdgeServiceStreamPingsProcedure {
		a.stream.ServeHTTP(w, r)
		return
	}
	began := a.Now()
	rt, params, found := a.router.find(r)
	rec := &wire.Recorder{ResponseWriter: w}
	rec.Header().Set(wire.RequestIDHeader, wire.RequestID(r))
	defer func() {
		if a.Observe != nil {
			a.Observe(rt.path, rec.Status, a.Now().Sub(began))
		}
	}()
	defer a.recoverPanic(rec, r)
	if !found {
		a.fail(rec, r, fault.New(fault.NotFound, "No route matches %s %s", r.Method, r.URL.Path))
		return
	}
	c := &call{api: a, w: rec, r: r, params: params, token: agentToken(r)}
	err := a.admit(c, rt)
	if err == nil {
		err = rt.handle(a, c)
	}
	if err != nil {
		a.fail(rec, r, err)
	}
}

// recoverPanic answers a request whose handler panicked, and logs the panic once.
func (a *API) recoverPanic(rec *wire.Recorder, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	a.Log.ErrorContext(r.Context(), "request panicked", "panic", p, "method", r.Method, "path", r.URL.Path,
		"request_id", rec.Header().Get(wire.RequestIDHeader), "stack", string(debug.Stack()))
	if rec.Status != 0 {
		panic(http.ErrAbortHandler) // the client must not take what it got for the whole
	}
	a.writeMessage(rec, r, http.StatusInternalServerError, internalError)
}
