package rest

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
)

type contractRow = openapi.Row

// contract is what is promised.
func contract() openapi.Contract {
	c, err := openapi.ReadContract()
	if err != nil {
		panic(err)
	}
	return c
}

func contractRows() []contractRow { return contract().Rows }

func contractRowOf(id string) (contractRow, bool) { return contract().Row(id) }

// anyToken are the rows whose scopes the contract takes back in its notes: any valid token may call them.
var anyToken = []string{"organizations.rate_limit"}

// TestEveryRowIsServed compares the route table with the contract, both ways.
func TestEveryRowIsServed(t *testing.T) {
	t.Parallel()
	served := map[string]route{}
	groups := map[string]bool{}
	for _, r := range routes {
		if _, twice := served[r.id]; twice {
			t.Errorf("%s is served twice", r.id)
		}
		served[r.id] = r
		row, known := contractRowOf(r.id)
		if !known {
			t.Errorf("%s is no row of the contract", r.id)
			continue
		}
		groups[row.Group] = true
		compareRoute(t, r, row)
	}
	total := 0
	for _, row := range contractRows() {
		if !groups[row.Group] {
			continue
		}
		total++
		if _, isServed := served[row.ID]; !isServed {
			t.Errorf("%s is not served", row.ID)
		}
	}
	t.Logf("%d of %d rows of %d groups are served; the contract has %d rows",
		len(served), total, len(groups), len(contractRows()))
}

func compareRoute(t *testing.T, r route, row contractRow) {
	t.Helper()
	if r.method != row.Method || r.path != row.Path || r.public != (row.Auth == "none") {
		t.Errorf("%s: %s %s public %v, the contract has %s %s auth %s",
			r.id, r.method, r.path, r.public, row.Method, row.Path, row.Auth)
	}
	if diff := cmp.Diff(row.PathSuffixes, r.suffixes); diff != "" {
		t.Errorf("%s: suffixes differ (-contract +route):\n%s", r.id, diff)
	}
	scopes := map[string]bool{}
	for _, action := range r.actions {
		for _, scope := range access.ScopesOf(action) {
			scopes[string(scope)] = true
		}
	}
	want := row.Scopes
	if slices.Contains(anyToken, r.id) {
		want = nil
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(scopes)); !slices.Equal(got, want) {
		t.Errorf("%s: needs scopes %v, the contract has %v", r.id, got, want)
	}
}
