package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// TakeOnce reports whether a request that may be sent again comes for the first time. The mark lasts as long as the
// transaction's other writes do.
func TakeOnce(ctx context.Context, q sqldb.Queryer, key string, now time.Time) (bool, error) {
	n, err := q.Exec(ctx, `INSERT INTO seen_requests (key, created_at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, key, micros(now))
	return n == 1, err
}

// ForgetOnce drops marks older than a time.
func ForgetOnce(ctx context.Context, q sqldb.Queryer, before time.Time) error {
	_, err := q.Exec(ctx, "DELETE FROM seen_requests WHERE created_at < $1", micros(before))
	return err
}
