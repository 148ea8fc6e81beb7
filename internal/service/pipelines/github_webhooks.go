package pipelines

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// WebhookProcessing is whether hooks from GitHub make builds of a pipeline.
type WebhookProcessing struct {
	Pipeline store.Pipeline
	// DisabledAt is nil while they do. DisabledBy is nil then, too, and when nobody known disabled them.
	DisabledAt *time.Time
	DisabledBy *store.User
}

// GitHubWebhooks tells whether hooks from GitHub make builds of a pipeline. NotFound is also a pipeline of another source
// host (docs/contract/webhooks.md, section 10.1).
func (s *Service) GitHubWebhooks(ctx context.Context, actor access.Actor, slug string) (WebhookProcessing, error) {
	if err := access.Check(actor, access.PipelineWebhooksView); err != nil {
		return WebhookProcessing{}, err
	}
	p, err := find(ctx, s.store.Read(), actor, slug)
	if err != nil {
		return WebhookProcessing{}, err
	}
	return webhookProcessing(ctx, s.store.Read(), p)
}

// EnableGitHubWebhooks lets hooks from GitHub make builds of a pipeline again. Errors are those of GitHubWebhooks.
func (s *Service) EnableGitHubWebhooks(ctx context.Context, actor access.Actor, slug string) (WebhookProcessing, error) {
	return s.changeWebhooks(ctx, actor, slug, func(tx *sqldb.Tx, p store.Pipeline) error {
		return store.EnableWebhooks(ctx, tx, p.ID)
	})
}

// DisableGitHubWebhooks makes hooks from GitHub make no builds of a pipeline, in the actor's name unless they made none
// already. What a pipeline is triggered by stays set. Errors are those of GitHubWebhooks.
func (s *Service) DisableGitHubWebhooks(ctx context.Context, actor access.Actor, slug string) (WebhookProcessing, error) {
	return s.changeWebhooks(ctx, actor, slug, func(tx *sqldb.Tx, p store.Pipeline) error {
		disabled := store.DisabledWebhooks{PipelineID: p.ID, DisabledAt: tx.Now()}
		if actor.UserID != "" {
			disabled.DisabledByID = &actor.UserID
		}
		return store.DisableWebhooks(ctx, tx, disabled)
	})
}

func (s *Service) changeWebhooks(ctx context.Context, actor access.Actor, slug string, fn func(tx *sqldb.Tx, p store.Pipeline) error) (WebhookProcessing, error) {
	if err := access.Check(actor, access.PipelineWebhooksChange); err != nil {
		return WebhookProcessing{}, err
	}
	var changed WebhookProcessing
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		p, err := lock(ctx, tx, actor, slug)
		if err != nil {
			return err
		}
		if err := onGitHub(p); err != nil {
			return err
		}
		if err := fn(tx, p); err != nil {
			return err
		}
		changed, err = webhookProcessing(ctx, tx, p)
		return err
	})
	return changed, err
}

func webhookProcessing(ctx context.Context, q sqldb.Queryer, p store.Pipeline) (WebhookProcessing, error) {
	if err := onGitHub(p); err != nil {
		return WebhookProcessing{}, err
	}
	out := WebhookProcessing{Pipeline: p}
	disabled, err := store.DisabledWebhooksOf(ctx, q, p.ID)
	if errors.Is(err, store.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("find disabled webhooks: %w", err)
	}
	out.DisabledAt = &disabled.DisabledAt
	if disabled.DisabledByID == nil {
		return out, nil
	}
	users, err := store.GetUsers(ctx, q, []string{*disabled.DisabledByID})
	if user, ok := users[*disabled.DisabledByID]; ok {
		out.DisabledBy = &user
	}
	return out, err
}

// onGitHub refuses pipelines that GitHub sends no hooks for.
func onGitHub(p store.Pipeline) error {
	if slices.Contains(gitHubs, p.Provider) {
		return nil
	}
	return fault.New(fault.NotFound, "GitHub webhook processing is for pipelines of repositories on GitHub or GitHub Enterprise")
}
