package wire

import (
	"context"
	"log/slog"
	"time"
)

// Shared is a Counter that counts together with other nodes. What is known to be beyond its limit is counted in memory
// until the window ends, so that a flood of refused requests does not become a flood of writes; and so is everything
// while the others cannot be asked, since a limit is no reason to refuse what is within it.
type Shared struct {
	ledger Ledger
	local  *Windows
	log    *slog.Logger
}

// Ledger is where nodes count together: windows begin where those of this node do.
type Ledger interface {
	Add(ctx context.Context, cost int, keys []string) (current []int, err error)
	Count(ctx context.Context, key string) (current int, err error)
}

// NewShared returns a counter over a ledger with windows of a length. A nil log discards.
func NewShared(ledger Ledger, length time.Duration, now func() time.Time, log *slog.Logger) *Shared {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Shared{ledger: ledger, local: NewWindows(length, now), log: log}
}

// Add implements Counter.
func (s *Shared) Add(ctx context.Context, cost int, keys []Key) (current []int, ends time.Time) {
	if s.local.exceeded(keys) {
		return s.local.Add(ctx, cost, keys)
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}
	current, err := s.ledger.Add(ctx, cost, names)
	if err != nil {
		s.warn(ctx, err)
		return s.local.Add(ctx, cost, keys)
	}
	s.local.learn(keys, current)
	_, ends = s.local.Count(ctx, keys[0].Name)
	return current, ends
}

// Count implements Counter.
func (s *Shared) Count(ctx context.Context, key string) (current int, ends time.Time) {
	known, ends := s.local.Count(ctx, key)
	current, err := s.ledger.Count(ctx, key)
	if err != nil {
		s.warn(ctx, err)
	}
	return max(current, known), ends
}

func (s *Shared) warn(ctx context.Context, err error) {
	if ctx.Err() == nil {
		s.log.WarnContext(ctx, "rate limits are counted on this node alone", "error", err)
	}
}
