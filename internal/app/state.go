package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/blob/file"
	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/bus/postgres"
	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// state is what outlives requests: the database with its queue, the objects, and the bus.
type state struct {
	folder *folder
	store  *store.Store
	queue  *queue.Queue
	bus    bus.Bus
	blobs  *file.Store
	// closers are called in reverse.
	closers []func() error
}

// openState opens everything, or nothing.
func openState(ctx context.Context, c Config) (*state, error) {
	s := &state{}
	if err := s.open(ctx, c); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *state) open(ctx context.Context, c Config) error {
	var err error
	if s.folder, err = openFolder(dataFolder(c.Server)); err != nil {
		return err
	}
	s.closers = append(s.closers, s.folder.close)
	if err := s.openDatabase(ctx, c); err != nil {
		return err
	}
	if err := s.openBus(ctx, c); err != nil {
		return err
	}
	if s.blobs, err = file.Open(s.folder.in("blobs")); err != nil {
		return err
	}
	s.closers = append(s.closers, s.blobs.Close)
	s.queue = queue.New(s.store.DB(), queue.Config{Bus: s.bus, Log: c.Log.With("part", "queue")})
	return nil
}

func (s *state) openDatabase(ctx context.Context, c Config) error {
	durability := c.Durability
	if s.folder.temporary && c.Storage.Database == "" {
		durability = sqldb.DurabilityNormal // what is going to be removed need not survive
	}
	var err error
	s.store, err = store.Open(ctx, sqldb.Config{
		URL: databaseURL(c.Storage, s.folder.path), Durability: durability, Now: c.Now,
		Log: c.Log.With("part", "database"),
	})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, s.store.Close)
	return nil
}

func (s *state) openBus(ctx context.Context, c Config) error {
	if !onPostgres(c.Storage) {
		s.bus = local.New()
		return nil
	}
	b, err := postgres.Open(ctx, c.Database, c.Log.With("part", "bus"))
	if err != nil {
		return fmt.Errorf("open bus: %w", err)
	}
	s.bus = b
	s.closers = append(s.closers, func() error {
		b.Close()
		return nil
	})
	return nil
}

func (s *state) close() error {
	var errs []error
	for len(s.closers) > 0 {
		last := len(s.closers) - 1
		errs = append(errs, s.closers[last]())
		s.closers = s.closers[:last]
	}
	return errors.Join(errs...)
}

// dataFolder is the data folder in force; empty is a temporary one.
func dataFolder(s config.Server) string {
	if s.Data == "" && !s.Dev {
		return config.DefaultData
	}
	return s.Data
}
