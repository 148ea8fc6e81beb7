package seed_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// grown is a store with a history, and things of it to ask for.
type grown struct {
	storetest.World
	st       *store.Store
	pipeline store.Pipeline
	build    store.Build
	job      *store.Job
}

func grow(t *testing.T, st *store.Store) grown {
	t.Helper()
	g := grown{World: storetest.NewWorld(t, st), st: st}
	o := small
	o.Builds = 4200 // half of them in a pipeline, which is more than patterns are looked for among the newest
	if err := write(t, st, g.World, o); err != nil {
		t.Fatal(err)
	}
	storetest.Write(t, st, func(tx *sqldb.Tx) error {
		if tx.Engine() == sqldb.SQLite {
			return nil // servers do not analyze it either
		}
		_, err := tx.Exec(t.Context(), "ANALYZE")
		return err
	})
	builds := everyBuild(t, st, g.World, "seed-1")
	g.build = builds[len(builds)/2]
	var err error
	if g.pipeline, err = store.GetPipeline(t.Context(), st.Read(), g.build.PipelineID); err != nil {
		t.Fatal(err)
	}
	g.job = storetest.JobsOf(t, st, false, g.build.ID)[0]
	return g
}

// buildFilters are all filters of lists of builds, alone and together.
func (g grown) buildFilters() map[string]store.BuildFilter {
	lately, longAgo := time.Now().Add(-6*time.Hour), time.Now().AddDate(0, 0, -25)
	creator, nobody := *g.build.CreatorID, store.NewID()
	many := []string{"main"}
	for i := range 17 {
		many = append(many, fmt.Sprintf("feature/%d", i))
	}
	filters := map[string]store.BuildFilter{
		"no filter":              {},
		"branch":                 {Branches: []string{"main"}},
		"branches":               {Branches: []string{"main", "feature/1", "feature/2"}},
		"branch pattern":         {Branches: []string{"feature/*"}},
		"branch and a pattern":   {Branches: []string{"main", "feature/*"}},
		"branch pattern of none": {Branches: []string{"release/*"}},
		"branch pattern of few":  {Branches: []string{"feature/17*"}},
		"branch pattern of some": {Branches: []string{"feature/1*"}},
		"branch by its end":      {Branches: []string{"*/17"}},
		"branch by any end":      {Branches: []string{"*-hotfix"}},
		"branch patterns":        {Branches: []string{"release/*", "feature/17*", "main"}},
		"branch pattern, state":  {Branches: []string{"feature/2*"}, States: []string{"failed"}},
		"branch pattern, states": {Branches: []string{"feature/2*"}, States: []string{"failed", "canceled"}},
		"pattern, running":       {Branches: []string{"feature/*"}, States: []string{"running"}},
		"pattern, long ago":      {Branches: []string{"feature/*"}, CreatedTo: &longAgo},
		"pattern, creator":       {Branches: []string{"feature/*"}, CreatorID: creator},
		"pattern, nobody":        {Branches: []string{"feature/*"}, CreatorID: nobody},
		"pattern, commit":        {Branches: []string{"*"}, Commits: []string{g.build.Commit}},
		"pattern, meta-data":     {Branches: []string{"feature/*"}, MetaData: map[string]string{"release": "1"}},
		"many branches":          {Branches: many},
		"many branches, state":   {Branches: many, States: []string{"failed"}},
		"commit":                 {Commits: []string{g.build.Commit}},
		"commits":                {Commits: []string{g.build.Commit, strings.Repeat("0", 40)}},
		"state":                  {States: []string{"passed"}},
		"state of none":          {States: []string{"running"}},
		"finished":               {States: []string{"finished"}},
		"finished on branches":   {States: []string{"finished"}, Branches: []string{"main", "feature/1"}},
		"running on a branch":    {States: []string{"running"}, Branches: []string{"main"}},
		"canceled on a branch":   {States: []string{"canceled"}, Branches: []string{"main"}},
		"skipped on a branch":    {States: []string{"skipped"}, Branches: []string{"main"}},
		"two states on a branch": {States: []string{"canceled", "not_run"}, Branches: []string{"main"}},
		"creator":                {CreatorID: creator},
		"creator and state":      {CreatorID: creator, States: []string{"failed"}},
		"creator and branch":     {CreatorID: creator, Branches: []string{"main"}},
		"creator, few on branch": {CreatorID: creator, Branches: []string{"feature/1"}},
		"creator, state of none": {CreatorID: creator, States: []string{"blocked"}},
		"creator and commit":     {CreatorID: creator, Commits: []string{g.build.Commit}},
		"nobody":                 {CreatorID: nobody},
		"nobody on a branch":     {CreatorID: nobody, Branches: []string{"main"}, States: []string{"passed", "failed"}},
		"created from":           {CreatedFrom: &lately},
		"created to":             {CreatedTo: &longAgo},
		"created between":        {CreatedFrom: &longAgo, CreatedTo: &lately},
		"failed since":           {CreatedFrom: &lately, States: []string{"failed"}},
		"finished lately":        {FinishedFrom: &lately},
		"finished at any time":   {FinishedFrom: &longAgo},
		"finished lately, state": {FinishedFrom: &lately, States: []string{"passed", "failed"}},
		"meta-data of few":       {MetaData: map[string]string{"release": "1"}},
		"meta-data, state":       {MetaData: map[string]string{"release": "1"}, States: []string{"passed", "failed"}},
		"no paused queues":       {ExcludePaused: true},
	}
	all := map[string]store.BuildFilter{}
	for name, f := range filters {
		f.OrganizationID = g.Organization.ID
		all["of the organization, "+name] = f
		f.PipelineID = g.pipeline.ID
		all["of a pipeline, "+name] = f
	}
	return all
}

// TestListsAgreeWithTheirFilters walks the pages of every filtered list and compares them with a plain look at every
// build. Page by page, at any depth, it costs the same number of statements.
func TestListsAgreeWithTheirFilters(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		g := grow(t, st)
		var all []store.Build
		for _, slug := range []string{"seed-1", "seed-2", "seed-3", "seed-4"} {
			all = append(all, everyBuild(t, st, g.World, slug)...)
		}
		slices.SortFunc(all, func(a, b store.Build) int { return b.CreatedAt.Compare(a.CreatedAt) })
		metaData := storetest.MetaDataOf(t, st, idsOf(all)...)
		for name, f := range g.buildFilters() {
			t.Run(name, func(t *testing.T) {
				want := []string{}
				for _, b := range all {
					if passes(f, b, metaData[b.ID]) {
						want = append(want, b.ID)
					}
				}
				got := []string{}
				before := st.DB().Statements()
				pages := int64(0)
				for more := true; more; pages++ {
					page := store.Page{Limit: 500, Offset: len(got)}
					builds, err := store.ListBuilds(t.Context(), st.Read(), f, page)
					if err != nil {
						t.Fatal(err)
					}
					got, more = append(got, idsOf(builds)...), len(builds) == page.Limit
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%d builds, want %d:\n%s", len(got), len(want), diff)
				}
				least, most := statements(f)
				if cost := st.DB().Statements() - before; cost < pages*least || cost > pages*most {
					t.Errorf("%d pages took %d statements, want %d to %d each", pages, cost, least, most)
				}
				if n, err := store.CountBuilds(t.Context(), st.Read(), f, 10_000); err != nil || n != len(want) {
					t.Errorf("counted %d, %v; want %d", n, err, len(want))
				}
			})
		}
	})
}

// statements is what a page costs: the page itself, and a look at each filter that may leave few builds. Branches that may
// be many are first looked for among the newest builds, and a creator's other filters only where the creator's are many.
func statements(f store.BuildFilter) (least, most int64) {
	least = int64(1 + len(f.MetaData))
	if f.FinishedFrom != nil {
		least++
	}
	most = least
	if len(f.Branches) > 16 || slices.ContainsFunc(f.Branches, func(b string) bool { return strings.Contains(b, "*") }) {
		most += 4
	}
	if f.CreatorID != "" && len(f.Branches)+len(f.States) > 0 {
		most += 3
	}
	return least, most
}

// passes is the filter as its documentation has it.
func passes(f store.BuildFilter, b store.Build, metaData map[string]string) bool {
	onBranch := func(want string) bool {
		prefix, suffix, pattern := strings.Cut(want, "*")
		return want == b.Branch || pattern && strings.HasPrefix(b.Branch, prefix) && strings.HasSuffix(b.Branch, suffix)
	}
	inState := func(want string) bool {
		return want == string(b.State) || want == "finished" && b.State.Terminal()
	}
	for key, value := range f.MetaData {
		if metaData[key] != value {
			return false
		}
	}
	return (f.PipelineID == "" || f.PipelineID == b.PipelineID) &&
		(len(f.Branches) == 0 || slices.ContainsFunc(f.Branches, onBranch)) &&
		(len(f.Commits) == 0 || slices.Contains(f.Commits, b.Commit)) &&
		(len(f.States) == 0 || slices.ContainsFunc(f.States, inState)) &&
		(f.CreatorID == "" || f.CreatorID == *b.CreatorID) &&
		(f.CreatedFrom == nil || !b.CreatedAt.Before(*f.CreatedFrom)) &&
		(f.CreatedTo == nil || b.CreatedAt.Before(*f.CreatedTo)) &&
		(f.FinishedFrom == nil || !b.FinishedAt.Before(*f.FinishedFrom))
}

func idsOf(builds []store.Build) []string {
	ids := []string{}
	for _, b := range builds {
		ids = append(ids, b.ID)
	}
	return ids
}
