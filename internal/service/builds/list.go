package builds

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/commit"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxListed is how deep lists of builds go; totals are counted no further.
const maxListed = 10_000

// List returns a page of builds, newest first, and how many there are, counted up to a limit. With a pipeline's slug
// only that pipeline's are listed. A page that is too deep is Malformed with the contract's text.
func (s *Service) List(ctx context.Context, actor access.Actor, pipelineSlug string, f store.BuildFilter, page store.Page) ([]store.Build, int, error) {
	if err := access.Check(actor, access.BuildView); err != nil {
		return nil, 0, err
	}
	if page.Offset+page.Limit > maxListed {
		return nil, 0, fault.New(fault.Malformed, "Listing builds this deep is not supported. Please narrow your query using filters such as branch or created_from.")
	}
	f.OrganizationID = actor.OrganizationID
	if pipelineSlug != "" {
		p, err := store.PipelineBySlug(ctx, s.Store.Read(), actor.OrganizationID, pipelineSlug)
		if err != nil {
			return nil, 0, missing(err, "pipeline")
		}
		f.PipelineID = p.ID
	}
	if f.CreatorID != "" {
		id, ok := ids.ParseUUID(f.CreatorID)
		if !ok {
			return nil, 0, nil // nobody of that id made a build
		}
		f.CreatorID = id
	}
	if len(f.Branches) > 0 {
		if f.Branches = possibleBranches(f.Branches); len(f.Branches) == 0 {
			return nil, 0, nil
		}
	}
	found, err := store.ListBuilds(ctx, s.Store.Read(), f, page)
	if err != nil {
		return nil, 0, err
	}
	if len(found) < page.Limit && len(found) > 0 || page.Offset == 0 && len(found) == 0 {
		return found, page.Offset + len(found), nil
	}
	total, err := s.count(ctx, f)
	return found, total, err
}

var stars = regexp.MustCompile(`\*+`)

// possibleBranches returns the branches and patterns that a branch can be, the patterns in their shortest form: engines
// take patterns only up to a length.
func possibleBranches(asked []string) []string {
	var possible []string
	for _, branch := range asked {
		branch = stars.ReplaceAllString(branch, "*")
		if len(branch)-strings.Count(branch, "*") <= commit.MaxRefBytes {
			possible = append(possible, branch)
		}
	}
	return possible
}

// JobFilter narrows the list of a build's jobs.
type JobFilter struct {
	// States are the contract's filter values (docs/contract/pipelines.md, section 4.2).
	States         []string
	IncludeRetried bool
	StepKey        string
	GroupKey       string
	// After and Before are job ids of the build, exclusive; at most one of them.
	After  string
	Before string
	Limit  int
}

// JobPage is a part of the list of a build's jobs.
type JobPage struct {
	Place   store.Place
	Jobs    []store.Job
	HasNext bool
	HasPrev bool
}

// Jobs lists a build's jobs in build order.
func (s *Service) Jobs(ctx context.Context, actor access.Actor, pipelineSlug, ref string, f JobFilter) (JobPage, error) {
	place, err := s.Place(ctx, actor, pipelineSlug, ref)
	if err != nil {
		return JobPage{}, err
	}
	all, err := s.filteredJobs(ctx, place.BuildID, f)
	if err != nil {
		return JobPage{}, err
	}
	from, to, err := cursor{f.After, f.Before, f.Limit}.window(len(all), func(id string) (stand, error) {
		return s.standOfJob(ctx, place.BuildID, all, id)
	})
	if err != nil {
		return JobPage{}, err
	}
	return JobPage{Place: place, Jobs: all[from:to], HasNext: to < len(all), HasPrev: from > 0}, nil
}

// filteredJobs returns all jobs of a build that pass the filter. A build has a few thousand at the most, and the states
// of the contract are not those of the rows, so they are filtered here.
func (s *Service) filteredJobs(ctx context.Context, buildID string, f JobFilter) ([]store.Job, error) {
	q := s.Store.Read()
	filter := store.JobFilter{BuildID: buildID, IncludeRetried: f.IncludeRetried}
	if f.StepKey != "" || f.GroupKey != "" {
		steps, err := store.StepsOf(ctx, q, buildID)
		if err != nil {
			return nil, err
		}
		filter.StepIDs = stepIDsOf(steps, f)
	}
	rows, err := store.ListJobs(ctx, q, filter)
	if err == nil {
		err = markBlocked(ctx, q, rows)
	}
	if err != nil {
		return nil, err
	}
	var jobs []store.Job
	for _, j := range rows {
		if len(f.States) == 0 || slices.ContainsFunc(f.States, func(state string) bool { return MatchesState(&j.Job, state) }) {
			jobs = append(jobs, *j)
		}
	}
	return jobs, nil
}

func stepIDsOf(steps []*build.Step, f JobFilter) []string {
	groups := map[string]string{}
	for _, s := range steps {
		groups[s.ID] = s.Key
	}
	matching := []string{}
	for _, s := range steps {
		if (f.StepKey == "" || s.Key == f.StepKey) && (f.GroupKey == "" || s.GroupID != "" && groups[s.GroupID] == f.GroupKey) {
			matching = append(matching, s.ID)
		}
	}
	return matching
}
