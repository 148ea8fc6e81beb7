package builds

import (
	"context"
	"errors"

	"github.com/bridle-ci/bridle/internal/core/environment"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// clusterOf returns the cluster a pipeline's jobs run in: its own, or the organization's default.
func clusterOf(ctx context.Context, q sqldb.Queryer, p store.Pipeline) (store.Cluster, error) {
	if p.ClusterID != nil {
		cluster, err := store.GetCluster(ctx, q, *p.ClusterID)
		return cluster, missing(err, "cluster")
	}
	cluster, err := store.DefaultCluster(ctx, q, p.OrganizationID)
	if errors.Is(err, store.ErrNotFound) {
		err = errNoCluster
	}
	return cluster, err
}

var errNoCluster = fault.New(fault.Invalid, "The pipeline is in no cluster and the organization has no default cluster: set the pipeline's `cluster_id`")

// peopleOf are the users that variables and conditions tell of.
func peopleOf(b store.Build) []string {
	var ids []string
	for _, id := range []*string{b.CreatorID, b.UnblockerID} {
		if id != nil {
			ids = append(ids, *id)
		}
	}
	return ids
}

// buildContext gathers what variables and conditions tell of a build. Its people are among the users around it.
func (s *Service) buildContext(ctx context.Context, q sqldb.Queryer, b store.Build, around store.Surroundings) (environment.Build, error) {
	if around.Cluster == nil {
		return environment.Build{}, errNoCluster
	}
	organization, p, cluster := around.Organization, around.Pipeline, around.Cluster
	env := environment.Build{
		OrganizationID: organization.ID, OrganizationSlug: organization.Slug,
		PipelineID: p.ID, PipelineName: p.Name, PipelineSlug: p.Slug, Provider: p.Provider,
		DefaultBranch: p.DefaultBranch, Repository: p.Repository, CloneMirrorURL: deref(p.CloneMirrorURL),
		ID: b.ID, Number: b.Number, URL: s.buildURL(organization.Slug, p.Slug, b.Number),
		Branch: b.Branch, Commit: b.Commit, CommitResolved: b.CommitResolved, Message: deref(b.Message),
		Tag: deref(b.Tag), Source: b.Source, CleanCheckout: b.CleanCheckout,
		PipelineEnv: b.PipelineEnv, Env: b.Env, UploadEnv: b.UploadEnv,
		ClusterID: cluster.ID, ClusterName: cluster.Name,
	}
	if b.Author != nil {
		env.Author = environment.Person{Name: b.Author.Name, Email: b.Author.Email}
	}
	if pr := b.PullRequest; pr != nil {
		env.PullRequest = &environment.PullRequest{ID: pr.ID, Base: pr.Base, Repository: pr.Repository, Labels: pr.Labels, Draft: pr.Draft}
	}
	if b.CreatorID != nil {
		env.Creator = person(around.Users[*b.CreatorID])
	}
	if b.UnblockerID != nil {
		unblocker := person(around.Users[*b.UnblockerID])
		env.Unblocker = &unblocker
	}
	return env, addOrigins(ctx, q, &env, b)
}

func person(u store.User) environment.Person {
	return environment.Person{ID: u.ID, Name: u.Name, Email: u.Email}
}

func addOrigins(ctx context.Context, q sqldb.Queryer, env *environment.Build, b store.Build) error {
	if b.RebuiltFromID != nil {
		from, err := origin(ctx, q, *b.RebuiltFromID)
		if err != nil {
			return err
		}
		env.RebuiltFrom = from
	}
	if b.TriggeredFromID != nil {
		from, err := origin(ctx, q, *b.TriggeredFromID)
		if err != nil {
			return err
		}
		env.TriggeredFrom = from
	}
	return nil
}

// origin returns where a build came from; nil when that build is deleted.
func origin(ctx context.Context, q sqldb.Queryer, id string) (*environment.Ref, error) {
	builds, err := store.GetBuilds(ctx, q, []string{id})
	from, known := builds[id]
	if err != nil || !known {
		return nil, err
	}
	pipelines, err := store.GetPipelines(ctx, q, []string{from.PipelineID})
	return &environment.Ref{ID: from.ID, Number: from.Number, PipelineSlug: pipelines[from.PipelineID].Slug}, err
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
