package accounts

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const (
	// flushInterval is how often the uses of tokens are written.
	flushInterval = 30 * time.Second
	// flushTimeout bounds the last writing, when the node stops.
	flushTimeout = 5 * time.Second
)

// use is a request made with a token.
type use struct {
	at time.Time
	ip string
}

// useLog keeps the last use of each token until it is written. The zero value is ready.
type useLog struct {
	mu   sync.Mutex
	last map[string]use
}

func (l *useLog) record(tokenID string, u use) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = map[string]use{}
	}
	if known, ok := l.last[tokenID]; !ok || u.at.After(known.at) {
		l.last[tokenID] = u
	}
}

// take returns what has been recorded and starts anew.
func (l *useLog) take() map[string]use {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.last
	l.last = nil
	return taken
}

// Flush writes when and from where tokens were last used. What could not be written is kept for the next time.
func (s *Service) Flush(ctx context.Context) error {
	uses := s.uses.take()
	if len(uses) == 0 {
		return nil
	}
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		for id, u := range uses {
			if err := store.TouchAPIToken(ctx, tx, id, u.at, u.ip); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for id, u := range uses {
			s.uses.record(id, u)
		}
		return fmt.Errorf("record uses of access tokens: %w", err)
	}
	return nil
}

// Run writes the uses of tokens from time to time until ctx ends, and then once more.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := s.Flush(ctx); err != nil {
				s.log.WarnContext(ctx, "flush", "error", err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
			defer cancel()
			return s.Flush(last)
		}
	}
}
