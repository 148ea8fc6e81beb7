package builds

import "github.com/bridle-ci/bridle/internal/core/fault"

// cursor is the part of a list that is asked for: limit items after or before one of them.
type cursor struct {
	after, before string
	limit         int
}

// window finds the part in a list of n items; index returns the place of an item, below zero when it is not there.
func (c cursor) window(n int, index func(id string) int) (from, to int, err error) {
	at := func(id string) (int, error) {
		i := index(id)
		if i < 0 {
			return 0, fault.New(fault.Malformed, "The cursor is not valid for this list")
		}
		return i, nil
	}
	switch {
	case c.after != "" && c.before != "":
		return 0, 0, fault.New(fault.Malformed, "Use either `after` or `before`, not both")
	case c.after != "":
		i, err := at(c.after)
		return i + 1, min(i+1+c.limit, n), err
	case c.before != "":
		i, err := at(c.before)
		return max(0, i-c.limit), i, err
	}
	return 0, min(c.limit, n), nil
}
