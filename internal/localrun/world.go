package localrun

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/agentbin"
	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/localrun/agents"
	"github.com/bridle-ci/bridle/internal/localrun/render"
	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/service/pipelines"
	"github.com/bridle-ci/bridle/internal/store"
)

const (
	// organizationSlug is that of every local run; it is in the addresses and in jobs' variables.
	organizationSlug = "local"
	// buildSource is what jobs and conditions are told of where the build comes from: a person asked for it by hand
	// (docs/contract/pipelines.md, section 16.3).
	buildSource = "ui"

	// What agents are told: a person waits.
	pingInterval      = time.Second
	statusInterval    = time.Second
	heartbeatInterval = 10 * time.Second

	// serverGrace is how long the control plane may take to stop, agentGrace the agents once nothing is running.
	serverGrace = 3 * time.Second
	agentGrace  = 10 * time.Second
)

// world is the control plane of a run, and its agents.
type world struct {
	app      *app.App
	agents   *agents.Agents
	actor    access.Actor
	pipeline store.Pipeline
	source   source
	root     string
}

// startWorld finds the agent, and starts the control plane and the agents.
func (r *run) startWorld(s source) (w *world, err error) {
	agent, err := r.findAgent()
	if err != nil {
		return nil, err
	}
	r.Output.Start(render.Start{
		At: time.Now(), Pipeline: s.file, Branch: s.Branch, Commit: s.Commit, Dirty: s.Dirty,
		Message: cmp.Or(r.Message, s.Message), Agents: r.Agents, AgentVersion: agent.Version,
	})
	w = &world{source: s, root: s.Root}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.stop(r.hard))
			w = nil
		}
	}()
	if w.app, err = app.Start(r.soft, r.configuration(s)); err != nil {
		return w, err
	}
	b := w.app.Bootstrapped
	w.actor = access.Actor{
		OrganizationID: b.Organization.ID, OrganizationSlug: b.Organization.Slug, UserID: b.User.ID, Role: access.Admin, System: true,
	}
	if err = w.createPipeline(r.soft); err != nil {
		return w, err
	}
	plugins, err := r.cacheDir("plugins")
	if err != nil {
		return w, err
	}
	w.agents, err = agents.Start(agents.Options{
		Path: agent.Path, Endpoint: w.app.BaseURL + "/v3", Token: b.AgentToken, Count: r.Agents,
		Dir: filepath.Join(r.temp, "a"), PluginsPath: plugins, Environment: slices.Concat(r.Environment, s.Environment),
	})
	return w, err
}

func (r *run) findAgent() (agentbin.Agent, error) {
	finder := agentbin.Finder{Explicit: r.Agent, Progress: r.Output.Note}
	if r.CacheDir != "" {
		finder.CacheDir = filepath.Join(r.CacheDir, "agent")
	}
	return finder.Find(r.soft)
}

// configuration is that of the control plane: only for this machine, and only for now.
func (r *run) configuration(s source) app.Config {
	return app.Config{
		Server: config.Server{
			Storage: config.Storage{Data: filepath.Join(r.temp, "server"), Durability: "normal"},
			Network: config.Network{Listen: "127.0.0.1:0"},
			Limits:  config.Limits{RESTRateLimit: 1, RESTUserRateLimit: 1},
			Agents: config.Agents{
				AgentPingInterval: pingInterval, AgentJobStatusInterval: statusInterval, AgentHeartbeatInterval: heartbeatInterval,
			},
			First: config.First{
				Organization: organizationSlug, AdminName: cmp.Or(s.AuthorName, "You"), AdminEmail: email(s.AuthorEmail),
			},
			ShutdownTimeout: serverGrace,
		},
		AnyAgent: true,
		Log:      silent(),
	}
}

func email(address string) string {
	if strings.Contains(address, "@") {
		return address
	}
	return "you@bridle.localhost"
}

// createPipeline makes the pipeline. Its stored configuration uploads the file, as pipelines on a server do, so that the
// agent works on it the same way.
func (w *world) createPipeline(ctx context.Context) error {
	steps, err := json.Marshal(map[string]any{"steps": []any{map[string]any{
		"label":   uploadLabel,
		"command": "buildkite-agent pipeline upload " + quote(w.source.upload),
	}}})
	if err != nil {
		return fmt.Errorf("make the pipeline: %w", err)
	}
	slug := cmp.Or(ids.Slug(w.source.Name()), "pipeline")
	created, err := w.app.Pipelines.Create(ctx, w.actor, pipelines.Input{
		Name: patch.To(w.source.Name()), Slug: patch.To(slug), Repository: patch.To(w.source.Repository),
		Configuration: patch.To(string(steps)), DefaultBranch: patch.To(w.source.DefaultBranch),
	})
	if err != nil {
		return fmt.Errorf("make the pipeline: %w", err)
	}
	w.pipeline = created.Pipeline
	return nil
}

// uploadLabel names the step that uploads the file.
const uploadLabel = "Pipeline upload"

// quote writes a path for the shell, and for the interpolation of stored configurations.
func quote(path string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "$", "$$").Replace(path) + "'"
}

// createBuild makes the build.
func (w *world) createBuild(ctx context.Context, o Options, s source) (store.Build, error) {
	b, err := w.app.Builds.Create(ctx, w.actor, w.pipeline.Slug, builds.NewBuild{
		Commit: s.Commit, Branch: s.Branch, Message: cmp.Or(o.Message, s.Message), Source: buildSource,
		Author: &store.Author{Name: s.AuthorName, Email: s.AuthorEmail}, Env: o.Env, MetaData: o.MetaData,
	})
	if err != nil {
		return store.Build{}, fmt.Errorf("make the build: %w", err)
	}
	return b, nil
}

// stop stops the agents and then the control plane, at once when hard has ended.
func (w *world) stop(hard context.Context) error {
	var errs []error
	if w.agents != nil {
		ctx, cancel := context.WithTimeout(hard, agentGrace)
		errs = append(errs, w.agents.Stop(ctx))
		cancel()
	}
	if w.app != nil {
		errs = append(errs, w.app.Stop())
	}
	return errors.Join(errs...)
}
