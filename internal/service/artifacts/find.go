package artifacts

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Owner is whose artifacts are meant: a job's, or else all of a build. The caller has found it within the actor's
// organization.
type Owner struct {
	BuildID string
	JobID   string
}

// Filter narrows a list. Empty fields do not narrow, except that lists have deleted artifacts only when they are asked for.
type Filter struct {
	State string
	// Path is a whole path or a pattern (docs/contract/agent-api.md, section 12).
	Path string
}

// List returns a page of artifacts in the order in which they were announced, and how many there are.
func (s *Service) List(ctx context.Context, actor access.Actor, o Owner, f Filter, page store.Page) ([]store.Artifact, int, error) {
	if err := access.Check(actor, access.ArtifactView); err != nil {
		return nil, 0, err
	}
	filter := store.ArtifactFilter{BuildID: o.BuildID, JobID: o.JobID, State: store.ArtifactState(f.State)}
	if !knownState(filter.State) {
		return nil, 0, fault.Reason("state %q is none of new, error, finished, deleted, expired", shorten(f.State))
	}
	filter.OmitDeleted = filter.State == ""
	if f.Path != "" {
		pattern, err := artifact.ParsePattern(f.Path)
		if err != nil {
			return nil, 0, fault.Reason("path: %v", err)
		}
		path, literal := pattern.Literal()
		if !literal {
			return s.matching(ctx, filter, pattern, page)
		}
		filter.Path = path
	}
	artifacts, err := store.ListArtifacts(ctx, s.store.Read(), filter, page)
	if err != nil {
		return nil, 0, fmt.Errorf("list artifacts: %w", err)
	}
	total, err := store.CountArtifacts(ctx, s.store.Read(), filter)
	if err != nil {
		return nil, 0, fmt.Errorf("count artifacts: %w", err)
	}
	return artifacts, total, nil
}

func knownState(s store.ArtifactState) bool {
	switch s {
	case "", store.ArtifactNew, store.ArtifactError, store.ArtifactFinished, store.ArtifactDeleted, store.ArtifactExpired:
		return true
	}
	return false
}

// matching pages through what a pattern matches, holding no more than the page.
func (s *Service) matching(ctx context.Context, f store.ArtifactFilter, p artifact.Pattern, page store.Page) (found []store.Artifact, total int, err error) {
	err = store.EachArtifact(ctx, s.store.Read(), f, func(a store.Artifact) bool {
		if p.Match(a.Path) {
			if total >= page.Offset && len(found) < page.Limit {
				found = append(found, a)
			}
			total++
		}
		return true
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list artifacts: %w", err)
	}
	return found, total, nil
}

// Get returns an artifact.
func (s *Service) Get(ctx context.Context, actor access.Actor, o Owner, id string) (store.Artifact, error) {
	if err := access.Check(actor, access.ArtifactView); err != nil {
		return store.Artifact{}, err
	}
	return s.owned(ctx, s.store.Read(), actor, o, id)
}

func (s *Service) owned(ctx context.Context, q sqldb.Queryer, actor access.Actor, o Owner, id string) (store.Artifact, error) {
	if !validID(id) {
		return store.Artifact{}, fault.Missing("artifact")
	}
	a, err := store.GetArtifact(ctx, q, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Artifact{}, fmt.Errorf("find artifact %s: %w", id, err)
	}
	if err != nil || a.OrganizationID != actor.OrganizationID || (o.JobID != "" && a.JobID != o.JobID) ||
		(o.JobID == "" && a.BuildID != o.BuildID) {
		return store.Artifact{}, fault.Missing("artifact")
	}
	return a, nil
}

// DownloadURL returns a signed address of an artifact's bytes, valid for a minute.
func (s *Service) DownloadURL(ctx context.Context, actor access.Actor, o Owner, id string) (string, error) {
	a, err := s.Get(ctx, actor, o, id)
	if err != nil {
		return "", err
	}
	if a.State != store.ArtifactFinished {
		return "", unavailable(a)
	}
	return s.links.download(a, s.links.now().Add(downloadFor)), nil
}

func unavailable(a store.Artifact) error {
	return fault.New(fault.NotFound, "The artifact cannot be downloaded: it is %s", a.State)
}

// Links returns the addresses of those of the paths that name a finished artifact of a build, for showing in a page. Of
// several with the same path it is the newest.
func (s *Service) Links(ctx context.Context, buildID string, paths []string) (map[string]string, error) {
	found := make(map[string]string, len(paths))
	if len(paths) == 0 {
		return found, nil
	}
	filter := store.ArtifactFilter{BuildID: buildID, State: store.ArtifactFinished, Paths: paths}
	err := store.EachArtifact(ctx, s.store.Read(), filter, func(a store.Artifact) bool {
		found[a.Path] = s.links.page(a)
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("find artifacts of build %s: %w", buildID, err)
	}
	return found, nil
}

// Delete removes an artifact's bytes; its row stays, as deleted. Deleting it again changes nothing.
func (s *Service) Delete(ctx context.Context, actor access.Actor, o Owner, id string) error {
	if err := access.Check(actor, access.ArtifactDelete); err != nil {
		return err
	}
	var a store.Artifact
	err := s.store.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if a, err = s.owned(ctx, tx, actor, o, id); err != nil || a.State == store.ArtifactDeleted {
			return err
		}
		moved, err := store.SetArtifactState(ctx, tx, a.ID, a.State, store.ArtifactDeleted)
		if err != nil {
			return err
		}
		if !moved {
			return store.ErrStale
		}
		return s.enqueueDeletion(ctx, tx, a)
	})
	if err != nil {
		return fmt.Errorf("delete artifact %s: %w", shorten(id), err)
	}
	s.changed(a.BuildID)
	return nil
}
