package builds

import (
	"context"
	"errors"
	"slices"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// cursor is the part of a list that is asked for: limit items after or before one of them.
type cursor struct {
	after, before string
	limit         int
}

// stand is where a cursor's item stands in a list: from at to next, which are the same when the filter does not let it
// through any more.
type stand struct{ at, next int }

// errNoCursor is a cursor that no item of the list has ever had.
var errNoCursor = fault.New(fault.Malformed, "The cursor is not valid for this list")

// window finds the part in a list of n items.
func (c cursor) window(n int, find func(id string) (stand, error)) (from, to int, err error) {
	switch {
	case c.after != "" && c.before != "":
		return 0, 0, fault.New(fault.Malformed, "Use either `after` or `before`, not both")
	case c.after != "":
		p, err := find(c.after)
		return p.next, min(p.next+c.limit, n), err
	case c.before != "":
		p, err := find(c.before)
		return max(0, p.at-c.limit), p.at, err
	}
	return 0, min(c.limit, n), nil
}

// standOfJob finds a job in a list of its build's jobs in build order. A job that has meanwhile changed its state, or was
// retried, is not in a filtered list, and is good for a cursor all the same: its clients follow links while jobs run.
func (s *Service) standOfJob(ctx context.Context, buildID string, jobs []store.Job, id string) (stand, error) {
	if i := slices.IndexFunc(jobs, func(j store.Job) bool { return j.ID == id }); i >= 0 {
		return stand{i, i + 1}, nil
	}
	job, err := store.GetJob(ctx, s.Store.Read(), id)
	if errors.Is(err, store.ErrNotFound) || err == nil && job.BuildID != buildID {
		return stand{}, errNoCursor
	}
	if err != nil {
		return stand{}, err
	}
	i, _ := slices.BinarySearchFunc(jobs, job, func(j store.Job, of *store.Job) int { return store.CompareJobs(&j, of) })
	return stand{i, i}, nil
}

// standOfUpload finds an upload in a list. Uploads stay as they are, so a filter lets each through or never.
func standOfUpload(uploads []store.PipelineUpload, id string) (stand, error) {
	i := slices.IndexFunc(uploads, func(u store.PipelineUpload) bool { return u.ID == id })
	if i < 0 {
		return stand{}, errNoCursor
	}
	return stand{i, i + 1}, nil
}
