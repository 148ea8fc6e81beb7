package builds

import (
	"context"
	"errors"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/commit"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
)

// commitKey is the key under which the first checkout tells of the commit.
const commitKey = "buildkite:git:commit"

// SetMetaData writes keys of a build's meta-data, all or none. buildID is empty for the job's own build; another must be
// of the same cluster, which here is the same organization.
func (s *Service) SetMetaData(ctx context.Context, job store.Job, buildID string, items map[string]string) error {
	b, err := s.buildFor(ctx, job, buildID)
	if err != nil {
		return err
	}
	if code := checkMetaData(items); code != "" {
		return fault.New(fault.Invalid, "The meta-data %s", code)
	}
	for key, value := range items {
		if value == "" {
			return fault.New(fault.Invalid, "The value of the meta-data key %q can't be blank", key)
		}
	}
	return s.change(ctx, b.ID, func(c *change) error {
		if err := store.SetMetaData(c.ctx, c.tx, b.ID, items); err != nil {
			return err
		}
		if described, given := items[commitKey]; given {
			return c.resolveCommit(described)
		}
		return nil
	})
}

// resolveCommit fills in what the build did not know of its commit (docs/contract/pipelines.md, section 23).
func (c *change) resolveCommit(described string) error {
	found, ok := commit.Parse(described)
	if !ok || c.build.CommitResolved {
		return nil
	}
	author := c.build.Author
	if found.AuthorName != "" || found.AuthorEmail != "" {
		author = &store.Author{Name: found.AuthorName, Email: found.AuthorEmail}
	}
	message := c.build.Message
	if deref(message) == "" && found.Message != "" {
		message = &found.Message
	}
	return store.SetBuildCommit(c.ctx, c.tx, c.build.ID, found.ID, author, message)
}

// MetaData returns one value of a build; a key that is not there is NotFound.
func (s *Service) MetaData(ctx context.Context, job store.Job, buildID, key string) (string, error) {
	b, err := s.buildFor(ctx, job, buildID)
	if err != nil {
		return "", err
	}
	value, err := store.GetMetaData(ctx, s.Store.Read(), b.ID, strings.ReplaceAll(key, "\x00", ""))
	if errors.Is(err, store.ErrNotFound) {
		return "", fault.New(fault.NotFound, "No key %q found", key)
	}
	return value, err
}

// MetaDataExists reports whether a build has a key.
func (s *Service) MetaDataExists(ctx context.Context, job store.Job, buildID, key string) (bool, error) {
	_, err := s.MetaData(ctx, job, buildID, key)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// MetaDataKeys returns a build's keys in order.
func (s *Service) MetaDataKeys(ctx context.Context, job store.Job, buildID string) ([]string, error) {
	b, err := s.buildFor(ctx, job, buildID)
	if err != nil {
		return nil, err
	}
	return store.MetaDataKeys(ctx, s.Store.Read(), b.ID)
}

// buildFor resolves the build that a job names: its own when it names none.
func (s *Service) buildFor(ctx context.Context, job store.Job, buildID string) (store.Build, error) {
	if buildID == "" {
		buildID = job.BuildID
	}
	id, ok := ids.ParseUUID(buildID)
	if !ok {
		return store.Build{}, fault.Missing("build")
	}
	b, err := store.GetBuild(ctx, s.Store.Read(), id)
	if err == nil && b.OrganizationID != job.OrganizationID {
		err = store.ErrNotFound
	}
	return b, missing(err, "build")
}
