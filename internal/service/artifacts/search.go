package artifacts

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxFound bounds the answer to a search.
const maxFound = 20_000

// Search is what an agent looks for among a build's finished artifacts (docs/contract/agent-api.md, section 12).
type Search struct {
	// BuildID is the build, of the searching job or another one of its cluster.
	BuildID string
	// Query is a pattern over paths.
	Query string
	// Scope, if not empty, is the key or label of a step, the label of a job, or a job's id.
	Scope string
	// IncludeRetriedJobs also finds what jobs uploaded that were retried since.
	IncludeRetriedJobs bool
	// IncludeDuplicates finds all artifacts of a path and not only the newest.
	IncludeDuplicates bool
}

// Found is an artifact and the address its bytes can be had from.
type Found struct {
	store.Artifact
	URL string
}

// Search returns the artifacts that a job looks for, in the order in which they were announced. None is no error.
func (s *Service) Search(ctx context.Context, job *store.Job, in Search) ([]Found, error) {
	pattern, err := artifact.ParsePattern(in.Query)
	if err != nil {
		return nil, fault.Reason("query: %v", err)
	}
	if err := s.maySearch(ctx, job, in.BuildID); err != nil {
		return nil, err
	}
	filter := store.ArtifactFilter{BuildID: in.BuildID, State: store.ArtifactFinished, LatestOnly: !in.IncludeRetriedJobs}
	if path, literal := pattern.Literal(); literal {
		filter.Path = path
	}
	if in.Scope != "" {
		if filter.JobIDs, err = s.scope(ctx, in.BuildID, in.Scope); err != nil {
			return nil, fmt.Errorf("search artifacts: %w", err)
		}
	}
	var matches []store.Artifact
	err = store.EachArtifact(ctx, s.store.Read(), filter, func(a store.Artifact) bool {
		if pattern.Match(a.Path) {
			matches = append(matches, a)
		}
		return len(matches) <= maxFound
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("search artifacts of build %s: %w", in.BuildID, err)
	case len(matches) > maxFound:
		return nil, fault.Reason("more than %d artifacts match: search for less, or within a step", maxFound)
	}
	if !in.IncludeDuplicates {
		matches = newest(matches)
	}
	until := s.links.now().Add(searchFor)
	found := make([]Found, len(matches))
	for i, a := range matches {
		found[i] = Found{Artifact: a, URL: s.links.download(a, until)}
	}
	return found, nil
}

// maySearch checks that a job may see a build's artifacts: they are of the same organization and cluster
// (docs/contract/agent-api.md, section 2).
func (s *Service) maySearch(ctx context.Context, job *store.Job, buildID string) error {
	if buildID == job.BuildID {
		return nil
	}
	if !validID(buildID) {
		return fault.Missing("build")
	}
	b, err := store.GetBuild(ctx, s.store.Read(), buildID)
	if errors.Is(err, store.ErrNotFound) || (err == nil && b.OrganizationID != job.OrganizationID) {
		return fault.Missing("build")
	}
	if err != nil {
		return fmt.Errorf("find build %s: %w", buildID, err)
	}
	if b.PipelineID == job.PipelineID {
		return nil
	}
	pipelines, err := store.GetPipelines(ctx, s.store.Read(), []string{b.PipelineID, job.PipelineID})
	if err != nil {
		return fmt.Errorf("find pipelines of build %s and job %s: %w", buildID, job.ID, err)
	}
	ours, theirs := pipelines[job.PipelineID].ClusterID, pipelines[b.PipelineID].ClusterID
	if ours == nil || theirs == nil || *ours != *theirs {
		return fault.New(fault.Forbidden, "The build belongs to another cluster: artifacts can be searched within a cluster only")
	}
	return nil
}

// scope returns the jobs of a build that a scope names.
func (s *Service) scope(ctx context.Context, buildID, scope string) ([]string, error) {
	if validID(scope) {
		return []string{scope}, nil
	}
	return store.JobIDsNamed(ctx, s.store.Read(), buildID, scope)
}

// newest leaves the last artifact of every path.
func newest(artifacts []store.Artifact) []store.Artifact {
	last := make(map[string]int, len(artifacts))
	for i, a := range artifacts {
		last[a.Path] = i
	}
	kept := artifacts[:0]
	for i, a := range artifacts {
		if last[a.Path] == i {
			kept = append(kept, a)
		}
	}
	return kept
}
