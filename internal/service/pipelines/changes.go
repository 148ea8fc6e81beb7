package pipelines

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Changes are a pipeline's settings as asked for. An update leaves absent ones as they are, a creation takes their
// defaults (contracts/rest/endpoints.json, pipelines.create and pipelines.update). A blank text counts as missing.
type Changes struct {
	Name        patch.Field[string]
	Slug        patch.Field[string] // missing derives it from the name
	Description patch.Field[string]
	Repository  patch.Field[string]
	ClusterID   patch.Field[string] // missing is the default cluster at creation, and none in an update
	// Configuration is YAML. Steps are visual steps as JSON, and Env their environment; Configuration wins, and a pipeline
	// of YAML has no use for Env.
	Configuration                   patch.Field[string]
	Steps                           patch.Field[json.RawMessage]
	Env                             patch.Field[map[string]string]
	DefaultBranch                   patch.Field[string]
	BranchConfiguration             patch.Field[string]
	SkipQueuedBranchBuilds          patch.Field[bool]
	SkipQueuedBranchBuildsFilter    patch.Field[string]
	CancelRunningBranchBuilds       patch.Field[bool]
	CancelRunningBranchBuildsFilter patch.Field[string]
	AllowRebuilds                   patch.Field[bool]
	CloneMirrorURL                  patch.Field[string]
	ProviderSettings                patch.Field[json.RawMessage]
	Visibility                      patch.Field[string]
	Tags                            patch.Field[[]string]
	Emoji                           patch.Field[string]
	Color                           patch.Field[string]
	DefaultTimeoutMinutes           patch.Field[int64]
	MaximumTimeoutMinutes           patch.Field[int64]
	// TemplateID asks for a pipeline template, and Teams for the teams that may see the pipeline. There are neither.
	TemplateID patch.Field[string]
	Teams      []string
}

// Input is the settings of a new pipeline.
type Input = Changes

// Create makes a pipeline. Invalid lists all fields that cannot be what they are for; Forbidden is a cluster that only
// its maintainers may put pipelines in.
func (s *Service) Create(ctx context.Context, actor access.Actor, in Input) (View, error) {
	if err := access.Check(actor, access.PipelineCreate); err != nil {
		return View{}, err
	}
	fresh := store.Pipeline{
		ID: store.NewID(), OrganizationID: actor.OrganizationID, AllowRebuilds: true, NextBuildNumber: 1,
		BadgeToken: randomToken(), WebhookToken: randomToken(),
	}
	if actor.UserID != "" {
		fresh.CreatedByID = &actor.UserID
	}
	d := draft{Pipeline: fresh}
	d.apply(in)
	var created View
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		row := d
		row.CreatedAt = tx.Now()
		if err := row.place(ctx, tx, actor, in.ClusterID, true); err != nil {
			return err
		}
		if err := row.problems.fault(); err != nil {
			return err
		}
		if err := store.InsertPipeline(ctx, tx, row.Pipeline); err != nil {
			return err
		}
		var err error
		created, err = view(ctx, tx, row.Pipeline)
		return err
	})
	return created, s.taken(ctx, d.Pipeline, err)
}

// Update changes some of a pipeline's settings. Errors are those of Create, and NotFound.
func (s *Service) Update(ctx context.Context, actor access.Actor, slug string, c Changes) (View, error) {
	if err := access.Check(actor, access.PipelineUpdate); err != nil {
		return View{}, err
	}
	var d draft
	changed, err := s.change(ctx, actor, slug, func(tx *sqldb.Tx, row store.Pipeline) error {
		d = draft{Pipeline: row}
		d.apply(c)
		if err := d.place(ctx, tx, actor, c.ClusterID, false); err != nil {
			return err
		}
		if err := d.problems.fault(); err != nil {
			return err
		}
		return store.UpdatePipeline(ctx, tx, d.Pipeline)
	})
	return changed, s.taken(ctx, d.Pipeline, err)
}

// place puts the pipeline into the cluster that is asked for.
func (d *draft) place(ctx context.Context, tx *sqldb.Tx, actor access.Actor, asked patch.Field[string], isNew bool) error {
	if !asked.Set && !isNew {
		return nil
	}
	if asked.Value == nil || *asked.Value == "" {
		if !isNew {
			return d.move(actor, store.Cluster{})
		}
		cluster, err := store.DefaultCluster(ctx, tx, actor.OrganizationID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		d.ClusterID = &cluster.ID
		return err
	}
	var cluster store.Cluster
	id, ok := ids.ParseUUID(*asked.Value)
	if ok {
		var err error
		if cluster, err = store.GetCluster(ctx, tx, id); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if cluster.ID == "" || cluster.OrganizationID != actor.OrganizationID {
		d.problems.add("cluster_id", "must be a cluster of the organization")
		return nil
	}
	return d.move(actor, cluster)
}

// move takes the pipeline from its cluster to another one, the zero value being none. A cluster's agents and secrets are
// for the pipelines that its maintainers let in (docs/contract/platform.md, sections 2.1 and 2.2).
func (d *draft) move(actor access.Actor, to store.Cluster) error {
	var from string
	if d.ClusterID != nil {
		from = *d.ClusterID
	}
	if from == to.ID {
		return nil
	}
	if to.ID != "" && !to.IsDefault {
		if err := access.CheckCluster(actor, access.PipelineMove, to.ID); err != nil {
			return err
		}
	}
	if from != "" {
		if err := access.CheckCluster(actor, access.PipelineMove, from); err != nil {
			return err
		}
	}
	d.ClusterID = nil
	if to.ID != "" {
		d.ClusterID = &to.ID
	}
	return nil
}

// taken names the fields of the unique indexes that a pipeline would have broken; err is how the attempt ended. Each engine
// tells of the index it looks at first, so both are looked up. A slug that was made of the name goes with it.
func (s *Service) taken(ctx context.Context, p store.Pipeline, err error) error {
	ofSlug := sqldb.IsUniqueOn(err, "pipelines(organization_id, slug)")
	if !ofSlug && !sqldb.IsUniqueOn(err, "pipelines(organization_id, name)") {
		return err
	}
	name, slug, err := store.TakenNames(ctx, s.store.Read(), p)
	if err != nil {
		return fmt.Errorf("look up taken names: %w", err)
	}
	if !name && !slug { // the other pipeline has gone meanwhile
		name, slug = !ofSlug, ofSlug
	}
	const code = "has already been taken"
	var found problems
	if name {
		found.add("name", code)
	}
	if slug && (!name || p.Slug != ids.Slug(p.Name)) {
		found.add("slug", code)
	}
	return found.fault()
}

// randomToken makes the part of an address that nobody is to guess.
func randomToken() string {
	var random [20]byte
	rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}
