package rest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"
)

// TestCoverage prints how much of the contract is served and how much of the official client is used in the tests here.
// It fails for what it cannot count.
func TestCoverage(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.all()
	seen, keys := s.keyCoverage()
	t.Logf("rows served:               %d of %d", len(routes), len(contractRows()))
	t.Logf("keys served:               %d of %d", seen, keys)

	all, used := clientMethods(), usedClientMethods(t)
	var unused []string
	for _, method := range all {
		if !used[method] {
			unused = append(unused, method)
		}
	}
	t.Logf("go-buildkite methods used: %d of %d", len(all)-len(unused), len(all))
	t.Logf("unused: %s", strings.Join(unused, " "))
	if seen == 0 || len(unused) == len(all) {
		t.Error("nothing was counted")
	}
}

// keyCoverage counts the keys of the contract's objects, and those of them that bodies had.
func (s *story) keyCoverage() (seen, all int) {
	for name, keys := range contractObjects() {
		for _, k := range keys {
			all++
			if s.seen[name+"."+k.Key] {
				seen++
			}
		}
	}
	return seen, all
}

// clientMethods are all methods of the official client's services, as Service.Method.
func clientMethods() []string {
	var methods []string
	client := reflect.TypeFor[buildkite.Client]()
	for i := range client.NumField() {
		field := client.Field(i)
		if !field.IsExported() || field.Type.Kind() != reflect.Pointer || !strings.HasSuffix(field.Type.Elem().Name(), "Service") {
			continue
		}
		for j := range field.Type.NumMethod() {
			methods = append(methods, field.Name+"."+field.Type.Method(j).Name)
		}
	}
	return methods
}

// usedClientMethods reads this package's tests for calls of `client.Service.Method`.
func usedClientMethods(t *testing.T) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			method, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			service, ok := method.X.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if client, ok := service.X.(*ast.Ident); ok && client.Name == "client" {
				used[service.Sel.Name+"."+method.Sel.Name] = true
			}
			return true
		})
	}
	return used
}
