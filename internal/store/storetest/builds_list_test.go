package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// TestBranchPatterns looks for old branches behind more builds than are looked at first, among more branches than are
// looked at by their names.
func TestBranchPatterns(t *testing.T) {
	t.Parallel()
	branches := []string{"zero-hotfix", "a[1]", "a-hotfix", "feature/one", "feature/two", "feature", "feature0", "featurf"}
	for i := range 5100 {
		branches = append(branches, fmt.Sprintf("topic/%d", i))
	}
	topics := slices.Clone(branches[8:])
	slices.Reverse(topics)
	Each(t, func(t *testing.T, st *store.Store) {
		w := NewWorld(t, st)
		insertOn(t, st, w.Pipeline, branches)
		for name, c := range map[string]struct {
			patterns []string
			want     []string
		}{
			"none begins so":         {[]string{"release/*"}, nil},
			"few begin so":           {[]string{"feature/*"}, []string{"feature/two", "feature/one"}},
			"more begin so":          {[]string{"feature*"}, []string{"feature0", "feature", "feature/two", "feature/one"}},
			"brackets are literal":   {[]string{"a[1]*", "[a]*"}, []string{"a[1]"}},
			"few end so":             {[]string{"*-hotfix"}, []string{"a-hotfix", "zero-hotfix"}},
			"none ends so":           {[]string{"*-fix"}, nil},
			"beside a branch":        {[]string{"feature/*", "a-hotfix"}, []string{"feature/two", "feature/one", "a-hotfix"}},
			"many begin and few end": {[]string{"topic/*999"}, []string{"topic/4999", "topic/3999", "topic/2999", "topic/1999", "topic/999"}},
			"many begin so":          {[]string{"topic/*"}, topics},
		} {
			for scope, pipelineID := range map[string]string{"pipeline": w.Pipeline.ID, "organization": ""} {
				t.Run(name+", "+scope, func(t *testing.T) {
					f := store.BuildFilter{OrganizationID: w.Organization.ID, PipelineID: pipelineID, Branches: c.patterns}
					builds, err := store.ListBuilds(t.Context(), st.Read(), f, store.Page{Limit: 30})
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for _, b := range builds {
						got = append(got, b.Branch)
					}
					if diff := cmp.Diff(c.want[:min(30, len(c.want))], got); diff != "" {
						t.Error(diff)
					}
					if n, err := store.CountBuilds(t.Context(), st.Read(), f, 10_000); err != nil || n != len(c.want) {
						t.Errorf("counted %d, %v; want %d", n, err, len(c.want))
					}
				})
			}
		}
	})
}

// insertOn adds a build on each branch, one after the other.
func insertOn(t *testing.T, st *store.Store, p store.Pipeline, branches []string) {
	t.Helper()
	Write(t, st, func(tx *sqldb.Tx) error {
		var builds []*store.Build
		for i, branch := range branches {
			at := tx.Now().Add(time.Duration(i) * time.Second)
			builds = append(builds, &store.Build{
				Build:          build.Build{ID: store.NewID(), State: build.Passed, CreatedAt: at, FinishedAt: &at},
				OrganizationID: p.OrganizationID, PipelineID: p.ID, Number: int64(i + 1), Branch: branch, Commit: "HEAD", Source: "api",
			})
		}
		for batch := range slices.Chunk(builds, 500) {
			if err := store.InsertBuilds(t.Context(), tx, batch); err != nil {
				return err
			}
		}
		return nil
	})
}
