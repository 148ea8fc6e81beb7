package agents

import (
	"context"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
)

// An installation hosts no agents: people run them. So no cluster has images, network ranges or cache volumes, and the
// calls about these are answered as by a cluster without any.

// ViewHosted returns nil when the actor may see what a cluster has for hosted agents, which is nothing.
func (s *Service) ViewHosted(ctx context.Context, actor access.Actor, clusterID string) error {
	if err := access.Check(actor, access.ClusterView); err != nil {
		return err
	}
	_, err := ownCluster(ctx, s.store.Read(), actor, clusterID)
	return err
}

// AgentImage fails: there is no image with any id.
func (s *Service) AgentImage(ctx context.Context, actor access.Actor, clusterID, _ string) error {
	if err := s.ViewHosted(ctx, actor, clusterID); err != nil {
		return err
	}
	return noImage()
}

// CreateAgentImage fails: there is nothing to build an image with or for.
func (s *Service) CreateAgentImage(ctx context.Context, actor access.Actor, clusterID string) error {
	if err := s.changesHosted(ctx, actor, clusterID); err != nil {
		return err
	}
	return fault.New(fault.Invalid, "Agent images are for hosted agents, and this installation hosts none: give your agents their image where you run them")
}

// DeleteAgentImage fails as AgentImage does.
func (s *Service) DeleteAgentImage(ctx context.Context, actor access.Actor, clusterID, _ string) error {
	if err := s.changesHosted(ctx, actor, clusterID); err != nil {
		return err
	}
	return noImage()
}

// DeleteCacheVolume fails: no cluster is a hosted one.
func (s *Service) DeleteCacheVolume(ctx context.Context, actor access.Actor, clusterID, tag string) error {
	if err := s.changesHosted(ctx, actor, clusterID); err != nil {
		return err
	}
	if strings.TrimSpace(tag) == "" {
		return fault.New(fault.Malformed, "`tag` must be a non-empty string")
	}
	return fault.New(fault.NotFound, "This cluster has no hosted cache volumes")
}

func noImage() error { return fault.New(fault.NotFound, "No agent image found with the given ID.") }

// changesHosted returns nil when the actor may change a cluster.
func (s *Service) changesHosted(ctx context.Context, actor access.Actor, clusterID string) error {
	id, valid := ids.ParseUUID(clusterID)
	if err := access.CheckCluster(actor, access.ClusterChange, id); err != nil {
		return err
	}
	if !valid {
		return fault.Missing("cluster")
	}
	_, err := ownCluster(ctx, s.store.Read(), actor, id)
	return err
}
