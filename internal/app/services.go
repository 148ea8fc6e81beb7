package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/bridle-ci/bridle/internal/service/accounts"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/service/annotations"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/service/pipelines"
	"github.com/bridle-ci/bridle/internal/service/schedules"
	"github.com/bridle-ci/bridle/internal/store"
)

// Services are the use cases.
type Services struct {
	Accounts    *accounts.Service
	Agents      *agents.Service
	Annotations *annotations.Service
	Artifacts   *artifacts.Service
	Builds      *builds.Service
	Logs        *logs.Service
	Pipelines   *pipelines.Service
	Schedules   *schedules.Service
}

func newServices(ctx context.Context, s *state, c Config, base string) (Services, error) {
	key, err := instanceKey(ctx, s.store, "job_token_key")
	if err != nil {
		return Services{}, err
	}
	var made Services
	made.Accounts = accounts.New(s.store, c.Log.With("part", "accounts"), accounts.WithBus(s.bus))
	made.Agents = agents.New(agents.Options{Store: s.store, Queue: s.queue, Bus: s.bus, Log: c.Log.With("part", "agents")})
	made.Builds = builds.New(builds.Options{
		Store: s.store, Queue: s.queue, Bus: s.bus, Log: c.Log.With("part", "builds"),
		BaseURL: base, AnyAgent: c.AnyAgent, JobKey: key,
	})
	made.Artifacts, err = artifacts.New(ctx, artifacts.Config{Store: s.store, Queue: s.queue, Bus: s.bus, Blobs: s.blobs, BaseURL: base})
	if err != nil {
		return Services{}, err
	}
	made.Annotations = annotations.New(annotations.Config{Store: s.store, Bus: s.bus, Artifacts: made.Artifacts})
	made.Pipelines = pipelines.New(pipelines.Options{Store: s.store, Queue: s.queue, Blobs: s.blobs, Log: c.Log.With("part", "pipelines")})
	made.Schedules = schedules.New(schedules.Options{
		Store: s.store, Queue: s.queue, Builder: scheduledBuilds{made.Builds}, Log: c.Log.With("part", "schedules"),
	})
	made.Logs, err = logs.New(logs.Config{
		Store: s.store, Queue: s.queue, Bus: s.bus, Blobs: s.blobs, Artifacts: made.Artifacts, Dir: s.folder.in("logs"), Log: c.Log.With("part", "logs"),
	})
	return made, err
}

// keyBytes is the length of keys that the installation makes for itself.
const keyBytes = 32

// instanceKey returns a secret key of the installation.
func instanceKey(ctx context.Context, st *store.Store, name string) ([]byte, error) {
	text, err := store.InstanceValue(ctx, st, name, func() string {
		var key [keyBytes]byte
		rand.Read(key[:]) // never fails
		return hex.EncodeToString(key[:])
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != keyBytes {
		return nil, fmt.Errorf("%s of this installation is damaged: it is no key of %d bytes", name, keyBytes)
	}
	return key, nil
}
