package app_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// Three nodes with a limit of one request in a minute: of three requests, two fall into one minute at least, and only a
// count that the nodes share refuses one then.
func TestNodesShareRateLimits(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	token, refused := "", 0
	for range 3 {
		s := settings(t.TempDir())
		s.Database, s.RESTUserRateLimit = database, 1
		node := start(t, s)
		if node.Bootstrapped.Created {
			token = node.Bootstrapped.APIToken
		}
		switch got := status(t, node, "/v2/user", token); got {
		case 200:
		case 429:
			refused++
		default:
			t.Errorf("status %d", got)
		}
	}
	if refused == 0 {
		t.Error("each node counts alone")
	}
}
