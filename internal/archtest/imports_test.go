package archtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// coreFolder is where the rules are, which import the least.
const coreFolder = "internal/core"

// TestDirection compares each package's imports with the tables of docs/architecture.md.
func TestDirection(t *testing.T) {
	t.Parallel()
	loaded, d := mustLoadTree(t), readDirection(t)
	for _, path := range slices.Sorted(maps.Keys(loaded.packages)) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			for _, complaint := range d.check(path, loaded.packages[path].imports()) {
				t.Error(complaint)
			}
		})
	}
}

// TestDirectionNamesWhatExists finds rows that outlived their packages.
func TestDirectionNamesWhatExists(t *testing.T) {
	t.Parallel()
	loaded := mustLoadTree(t)
	for _, r := range readDirection(t).rules {
		for _, pattern := range append([]string{r.pattern}, r.allowed...) {
			exists := func(path string) bool { return matches(pattern, path) }
			if !slices.ContainsFunc(slices.Collect(maps.Keys(loaded.packages)), exists) {
				t.Errorf("docs/architecture.md, \"Direction\", names %s, which matches no package", pattern)
			}
		}
	}
}

// check returns what is wrong with the imports of a package.
func (d direction) check(path string, imports []string) []string {
	r, found := d.ruleOf(path)
	if !found {
		return []string{fmt.Sprintf("%s is in no row of docs/architecture.md, \"Direction\": add it with what it may import", path)}
	}
	var complaints []string
	for _, imported := range slices.Compact(slices.Sorted(slices.Values(imports))) {
		if reason := d.refuse(r, path, imported); reason != "" {
			complaints = append(complaints, fmt.Sprintf("%s imports %s: %s", path, imported, reason))
		}
	}
	return complaints
}

// refuse says why an import goes against the direction, or nothing.
func (d direction) refuse(r rule, path, imported string) string {
	switch {
	case isStandard(imported):
		return ""
	case isOwn(imported):
		return r.refuse(path, imported)
	case within(coreFolder, path) && !matchesAny(d.core, imported):
		return "the core imports only the standard library, its own packages and the libraries listed for it"
	}
	for _, c := range d.confined {
		if matches(c.library, imported) && !matchesAny(c.only, path) {
			return fmt.Sprintf("only %s may", strings.Join(c.only, ", "))
		}
	}
	return ""
}

func (r rule) refuse(path, imported string) string {
	switch {
	case isTestSupport(imported) && !isTestSupport(path):
		return "it is help for tests, and this is no test"
	case isTestSupport(path), within(r.unit(path), imported), matchesAny(r.allowed, imported):
		return ""
	}
	return fmt.Sprintf("the row of %s in docs/architecture.md, \"Direction\", allows %s", r.pattern, strings.Join(r.allowed, ", "))
}

// ruleOf returns the rule with the longest pattern that matches.
func (d direction) ruleOf(path string) (best rule, found bool) {
	for _, r := range d.rules {
		if matches(r.pattern, path) && len(r.pattern) > len(best.pattern) {
			best, found = r, true
		}
	}
	return best, found
}

// unit is the folder whose packages may import each other under a rule: internal/service/builds under
// internal/service/*/....
func (r rule) unit(path string) string {
	depth := len(strings.Split(strings.TrimSuffix(r.pattern, "/..."), "/"))
	parts := strings.Split(path, "/")
	return strings.Join(parts[:min(depth, len(parts))], "/")
}

// matches reports whether a path is what a pattern means: * is any one element, and /... at the end is the folder and
// all below it.
func matches(pattern, path string) bool {
	prefix, below := strings.CutSuffix(pattern, "/...")
	want, got := strings.Split(prefix, "/"), strings.Split(path, "/")
	if len(got) < len(want) || len(got) > len(want) && !below {
		return false
	}
	for i, element := range want {
		if element != "*" && element != got[i] {
			return false
		}
	}
	return true
}

func matchesAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, path) })
}

func within(folder, path string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// isStandard and isOwn tell imports apart as goPackage.imports gives them: of what is neither, the first element is a
// host name.
func isStandard(imported string) bool { return !isOwn(imported) && !isHost(imported) }

func isOwn(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return slices.Contains([]string{".", "cmd", "contracts", "internal", "scripts", "test"}, first) && imported != "internal"
}

func isHost(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	d := direction{
		rules: []rule{
			{"internal/core/...", nil},
			{"internal/store/...", []string{"internal/core/..."}},
			{"internal/service/*/...", []string{"internal/core/...", "internal/store"}},
			{"internal/store/storetest", nil},
		},
		core:     []string{"example.com/parser/..."},
		confined: []confined{{"example.com/driver/...", []string{"internal/store/sqldb"}}},
	}
	for name, tt := range map[string]struct {
		path    string
		imports []string
		want    []string // the imports complained of
	}{
		"standard library":              {"internal/core/build", []string{"fmt", "go/ast", "net/http"}, nil},
		"core imports core":             {"internal/core/build", []string{"internal/core/pipeline"}, nil},
		"core imports its libraries":    {"internal/core/pipeline", []string{"example.com/parser/ordered"}, nil},
		"core imports another library":  {"internal/core/pipeline", []string{"example.com/other"}, []string{"example.com/other"}},
		"core imports store":            {"internal/core/build", []string{"internal/store"}, []string{"internal/store"}},
		"service imports service":       {"internal/service/builds", []string{"internal/service/logs"}, []string{"internal/service/logs"}},
		"service imports its own":       {"internal/service/builds", []string{"internal/service/builds/hints"}, nil},
		"exact pattern":                 {"internal/service/builds", []string{"internal/store", "internal/store/sqldb"}, []string{"internal/store/sqldb"}},
		"confined library":              {"internal/service/builds", []string{"example.com/driver/v5"}, []string{"example.com/driver/v5"}},
		"confined library in its place": {"internal/store/sqldb", []string{"example.com/driver/v5"}, nil},
		"help for tests":                {"internal/service/builds", []string{"internal/store/storetest"}, []string{"internal/store/storetest"}},
		"help for tests uses anything":  {"internal/store/storetest", []string{"internal/service/builds"}, nil},
		"unknown package":               {"internal/elsewhere", nil, []string{"internal/elsewhere is in no row"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, complaint := range d.check(tt.path, tt.imports) {
				before, _, _ := strings.Cut(complaint, ":")
				before, _, _ = strings.Cut(before, " of docs")
				got = append(got, strings.TrimPrefix(before, tt.path+" imports "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("complaints differ (-want +got):\n%s", diff)
			}
		})
	}
}
