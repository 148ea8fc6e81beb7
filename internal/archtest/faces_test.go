package archtest

import (
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"
)

const (
	storeFolder = "internal/store"
	faceFolder  = "internal/server"
)

// TestFacesCallNoStore keeps faces from reading and writing rows: they may name the store's values and their constants,
// but neither the store itself nor a function of it that is given a database.
func TestFacesCallNoStore(t *testing.T) {
	t.Parallel()
	loaded := mustLoadTree(t)
	forbidden := queries(loaded.packages[storeFolder])
	if len(forbidden) < 2 {
		t.Fatalf("internal/store has the queries %v: this test does not recognize them any more", slices.Sorted(maps.Keys(forbidden)))
	}
	for _, path := range slices.Sorted(maps.Keys(loaded.packages)) {
		if !within(faceFolder, path) || isTestSupport(path) {
			continue
		}
		for _, file := range loaded.packages[path].files {
			for _, selector := range storeSelectors(file) {
				if forbidden[selector.Sel.Name] {
					t.Errorf("%s: a face uses store.%s; that is for a service to do", loaded.at(selector.Pos()), selector.Sel.Name)
				}
			}
		}
	}
}

// queries are the names of a package that reach a database: the Store and what takes it, a sqldb.Queryer or a Tx.
func queries(p *goPackage) map[string]bool {
	names := map[string]bool{"Store": true}
	if p == nil {
		return names
	}
	for _, file := range p.files {
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if ok && function.Recv == nil && function.Name.IsExported() && takesDatabase(function.Type) {
				names[function.Name.Name] = true
			}
		}
	}
	return names
}

func takesDatabase(function *ast.FuncType) bool {
	return slices.ContainsFunc(function.Params.List, func(field *ast.Field) bool {
		kind := field.Type
		if star, ok := kind.(*ast.StarExpr); ok {
			kind = star.X
		}
		switch kind := kind.(type) {
		case *ast.Ident:
			return kind.Name == "Store"
		case *ast.SelectorExpr:
			of, ok := kind.X.(*ast.Ident)
			return ok && of.Name == "sqldb"
		}
		return false
	})
}

// storeSelectors returns what a file names of the store package.
func storeSelectors(file *ast.File) []*ast.SelectorExpr {
	name := ""
	for _, spec := range file.Imports {
		if relative(unquote(spec.Path)) == storeFolder {
			name = storeFolder[strings.LastIndex(storeFolder, "/")+1:]
			if spec.Name != nil {
				name = spec.Name.Name
			}
		}
	}
	if name == "" {
		return nil
	}
	var found []*ast.SelectorExpr
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := selector.X.(*ast.Ident); ok && of.Name == name {
				found = append(found, selector)
			}
		}
		return true
	})
	return found
}
