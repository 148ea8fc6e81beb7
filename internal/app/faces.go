package app

import (
	"context"
	"net/http"
	"time"

	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/server"
	"github.com/bridle-ci/bridle/internal/server/agentapi"
	"github.com/bridle-ci/bridle/internal/server/blobs"
	"github.com/bridle-ci/bridle/internal/server/rest"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/service/limits"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// faces are the product's APIs.
type faces struct {
	handler http.Handler
	agents  *agentapi.API
	// lot is served beside the listener.
	lot *server.Lot
}

func newFaces(s Services, st *state, c Config, base string) (*faces, error) {
	proxies, err := c.Proxies()
	if err != nil {
		return nil, err
	}
	f := &faces{lot: server.NewLot()}
	f.agents = agentapi.New(agentapi.Config{
		Services: agentapi.Services{
			Agents: s.Agents, Jobs: s.Builds, Logs: s.Logs, Artifacts: s.Artifacts, Annotations: s.Annotations,
		},
		Intervals:      intervals(c.Server),
		TrustedProxies: proxies,
		Park:           f.lot.Park,
		Log:            c.Log.With("part", "agentapi"),
	})
	api := rest.New(rest.Config{
		Services: rest.Services{
			Agents: s.Agents, Accounts: s.Accounts, Annotations: s.Annotations, Artifacts: s.Artifacts, Builds: s.Builds,
			Logs: s.Logs, Pipelines: s.Pipelines, Schedules: s.Schedules,
		},
		BaseURL: base, Budgets: budgets(st, c), TrustedProxies: proxies, Log: c.Log.With("part", "rest"),
	})
	f.handler = server.NewHandler([]server.Face{
		{Paths: agentapi.Paths, Handler: f.agents},
		{Paths: []string{artifacts.Path + "/"}, Handler: blobs.New(s.Artifacts, c.Log.With("part", "blobs"))},
		{Paths: []string{"/"}, Handler: api},
	}, []server.Check{{Name: "database", Run: func(ctx context.Context) error {
		err := st.store.DB().Ping(ctx)
		if err != nil {
			c.Log.Warn("the database does not answer", "error", err)
		}
		return err
	}}})
	return f, nil
}

// shutDown ends what does not end by itself, and waits for it until ctx ends.
func (f *faces) shutDown(ctx context.Context) { f.agents.Shutdown(ctx) }

// devIntervals are short, since somebody waits.
var devIntervals = agentapi.Intervals{Ping: time.Second, JobStatus: time.Second, Heartbeat: 10 * time.Second}

func intervals(s config.Server) agentapi.Intervals {
	if s.Dev {
		return devIntervals
	}
	return agentapi.Intervals{Ping: s.AgentPingInterval, JobStatus: s.AgentJobStatusInterval, Heartbeat: s.AgentHeartbeatInterval}
}

// budgets are how much clients may ask for; nil ones do not limit. Where there may be other nodes, they count together.
func budgets(st *state, c Config) rest.Budgets {
	if c.Dev || !c.RateLimits {
		return rest.Budgets{}
	}
	var counter wire.Counter = wire.NewWindows(rest.Window, time.Now)
	if st.store.Read().Engine() == sqldb.Postgres {
		ledger := limits.New(st.store, rest.Window, time.Now)
		counter = wire.NewShared(ledger, rest.Window, time.Now, c.Log.With("part", "limits"))
	}
	return rest.NewBudgets(c.RESTRateLimit, c.RESTUserRateLimit, counter, time.Now)
}
