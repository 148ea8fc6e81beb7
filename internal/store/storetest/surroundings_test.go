package storetest_test

import (
	"errors"
	"testing"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestSurroundings(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx, q := t.Context(), st.Read()
		w, stranger := storetest.NewWorld(t, st), storetest.NewWorld(t, st)
		own := storetest.Cluster(t, st, w.Organization)
		without := storetest.Organization(t, st)
		for name, c := range map[string]struct {
			organization store.Organization
			clusterID    *string
			want         *store.Cluster
		}{
			"own cluster":     {w.Organization, &own.ID, &own},
			"default cluster": {w.Organization, nil, &w.Cluster},
			"no cluster":      {without, nil, nil},
		} {
			t.Run(name, func(t *testing.T) {
				p := storetest.Pipeline(t, st, c.organization, func(p *store.Pipeline) { p.ClusterID = c.clusterID })
				want := store.Surroundings{Pipeline: p, Organization: c.organization, Cluster: c.want, Users: map[string]store.User{w.Admin.ID: w.Admin}}
				got, err := store.SurroundingsOf(ctx, q, p.ID, []string{w.Admin.ID, store.NewID()})
				same(t, "by id", got, err, want)
				want.Users = map[string]store.User{}
				got, err = store.SurroundingsBySlug(ctx, q, c.organization.ID, p.Slug, nil)
				same(t, "by slug", got, err, want)
				if _, err := store.SurroundingsBySlug(ctx, q, stranger.Organization.ID, p.Slug, nil); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("of another organization: %v", err)
				}
			})
		}
		if _, err := store.SurroundingsOf(ctx, q, store.NewID(), nil); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of no pipeline: %v", err)
		}
	})
}
