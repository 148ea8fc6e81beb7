package scenario

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestServerOnSQLite(t *testing.T) {
	t.Parallel()
	onServer(t, func(*testing.T) string { return "" })
}

func TestServerOnPostgres(t *testing.T) {
	t.Parallel()
	onServer(t, func(t *testing.T) string { return pgtest.URLFrom(t, "store", migrate) })
}

// migrate makes the tables of a database. Others copy it, so that it takes no test's context.
func migrate(url string) error {
	st, err := store.Open(context.Background(), sqldb.Config{URL: url})
	if err != nil {
		return err
	}
	return st.Close()
}

// onServer runs every scenario on a server. Those in which time passes, or background tasks are watched while they are
// under way, have a server for themselves; the others share one.
func onServer(t *testing.T, database func(*testing.T) string) {
	shared := newWorld(t, database(t))
	files, err := filepath.Glob("*.build")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".build")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			w := shared
			if needsServer(sc) {
				w = newWorld(t, database(t))
			}
			d, err := newServer(t.Context(), w, name, sc)
			if err != nil {
				t.Fatal(err)
			}
			if err := Run(sc, d); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		})
	}
}

func newServer(ctx context.Context, w *world, name string, sc *Scenario) (*Server, error) {
	s, err := newStage(ctx, w, name)
	if err != nil {
		return nil, err
	}
	d := &Server{stage: s, name: name, keys: map[string]bool{}}
	if happens(sc, TimedOut) {
		d.timeoutMinutes = timeoutMinutes
	}
	if happens(sc, Child) {
		_, err = s.newPipeline(childPipeline, []byte(childSteps), 0)
	}
	return d, err
}

// needsServer reports whether a scenario's events would be felt by others on the same server, or theirs by it.
func needsServer(sc *Scenario) bool { return happens(sc, Returned, Lost, TimedOut, Expired, Child) }

func happens(sc *Scenario, verbs ...Verb) bool {
	return slices.ContainsFunc(sc.Steps, func(s Step) bool { return slices.Contains(verbs, s.Event.Verb) })
}
