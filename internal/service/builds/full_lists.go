package builds

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
)

const (
	// fullFor is how long a list is taken to have as many builds as are counted: builds are only deleted with their
	// pipeline, so a list that was once that long rarely gets shorter.
	fullFor = time.Minute
	// maxFullLists bounds the lists that are remembered.
	maxFullLists = 1000
)

// fullLists remembers lists of at least maxListed builds, whose counting would cost more than the page that is asked for.
// The zero value is ready for use.
type fullLists struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (l *fullLists) has(list string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Before(l.until[list])
}

func (l *fullLists) add(list string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil || len(l.until) >= maxFullLists {
		l.until = map[string]time.Time{}
	}
	l.until[list] = now.Add(fullFor)
}

// count counts the builds of a list up to maxListed.
func (s *Service) count(ctx context.Context, f store.BuildFilter) (int, error) {
	name, err := json.Marshal(f)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	if s.full.has(string(name), now) {
		return maxListed, nil
	}
	total, err := store.CountBuilds(ctx, s.Store.Read(), f, maxListed)
	if err == nil && total >= maxListed {
		s.full.add(string(name), now)
	}
	return total, err
}
