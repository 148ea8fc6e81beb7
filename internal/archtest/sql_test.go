package archtest

import (
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"testing"
)

// sqlStatement is the beginning of a text that is SQL.
var sqlStatement = regexp.MustCompile(`^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|` +
	`(CREATE|ALTER|DROP)\s+(TABLE|(UNIQUE\s+)?INDEX|DATABASE)\s|WITH\s+\w+\s+AS\s|LISTEN\s|NOTIFY\s|PRAGMA\s)`)

// TestSQLText finds SQL outside of the places that docs/architecture.md gives it.
func TestSQLText(t *testing.T) {
	t.Parallel()
	loaded, places := mustLoadTree(t), readDirection(t).sqlPlaces
	for _, path := range slices.Sorted(maps.Keys(loaded.packages)) {
		if matchesAny(places, path) {
			continue
		}
		for _, file := range loaded.packages[path].files {
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if ok && lit.Kind == token.STRING && sqlStatement.MatchString(unquote(lit)) {
					t.Errorf("%s: SQL text belongs in %v", loaded.at(lit.Pos()), places)
				}
				return true
			})
		}
	}
}

func TestSQLStatement(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"SELECT id FROM builds":                  true,
		"\n\t\tINSERT INTO builds (id)":          true,
		"UPDATE jobs SET state = $1":             true,
		"DELETE FROM jobs":                       true,
		"WITH held AS (SELECT 1) SELECT 1":       true,
		"CREATE UNIQUE INDEX x ON y":             true,
		"LISTEN hints":                           true,
		"Select a branch":                        false,
		"UPDATE":                                 false,
		"DELETE":                                 false,
		"with no agents":                         false,
		"WITHOUT A NAME AS IT IS":                false,
		"the statement SELECT 1 inside of prose": false,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got := sqlStatement.MatchString(text); got != want {
				t.Errorf("SQL: %t, want %t", got, want)
			}
		})
	}
}
