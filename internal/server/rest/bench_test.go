package rest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bridle-ci/bridle/internal/app/seed"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// BenchmarkReads answers the reads that clients make most, without a network in between.
func BenchmarkReads(b *testing.B) {
	st := storetest.Open(b)
	w := newWorldOn(b, st)
	o := seed.Options{Builds: 2000, Pipelines: 2, Jobs: 2, Agents: 20, Users: 5, Days: 30, Draw: 1}
	if err := seed.Run(b.Context(), st, w.Organization, o, func(int) {}); err != nil {
		b.Fatal(err)
	}
	_, one, err := store.BuildWithPipeline(b.Context(), st.Read(), w.Organization.ID, "seed-1", 500, "")
	if err != nil {
		b.Fatal(err)
	}
	jobs := storetest.JobsOf(b, st, false, one.ID)
	for _, read := range []struct{ name, path string }{
		{"job", w.path("jobs/" + jobs[0].ID)},
		{"build", w.path("pipelines/seed-1/builds/500")},
		{"page", w.path("pipelines/seed-1/builds?exclude_jobs=true")},
		{"page with jobs", w.path("pipelines/seed-1/builds")},
		{"deep page", w.path("pipelines/seed-1/builds?exclude_jobs=true&page=30")},
	} {
		b.Run(read.name, func(b *testing.B) {
			b.ReportAllocs()
			before := st.DB().Statements()
			ctx, cancel := context.WithCancel(b.Context()) // as a connection's, which may end
			defer cancel()
			for b.Loop() {
				r := httptest.NewRequestWithContext(ctx, http.MethodGet, read.path, nil)
				r.Header.Set("Authorization", "Bearer "+w.token)
				answer := httptest.NewRecorder()
				w.api.ServeHTTP(answer, r)
				if answer.Code != http.StatusOK {
					b.Fatalf("%d: %s", answer.Code, answer.Body)
				}
			}
			b.ReportMetric(float64(st.DB().Statements()-before)/float64(b.N), "statements/op")
		})
	}
}
