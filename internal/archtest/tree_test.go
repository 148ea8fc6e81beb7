package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// modulePath is the module whose tree this is; root is its folder as seen from here.
const (
	modulePath = "github.com/bridle-ci/bridle"
	root       = "../.."
)

// goPackage is the Go files of a folder, without its tests.
type goPackage struct {
	// path is relative to the module, such as internal/core/build.
	path  string
	files []*ast.File
}

// imports returns what the package imports: packages of the module relative to it, others by their full path.
func (p goPackage) imports() []string {
	var paths []string
	for _, file := range p.files {
		for _, spec := range file.Imports {
			paths = append(paths, relative(unquote(spec.Path)))
		}
	}
	return paths
}

// relative cuts the module off a path; the package at its root is ".".
func relative(importPath string) string {
	if importPath == modulePath {
		return "."
	}
	return strings.TrimPrefix(importPath, modulePath+"/")
}

func unquote(lit *ast.BasicLit) string {
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		panic(fmt.Sprintf("literal %s the parser let through: %v", lit.Value, err))
	}
	return text
}

// isTestSupport reports whether a package is help for tests, which only tests and its like may import.
func isTestSupport(path string) bool {
	name := path[strings.LastIndex(path, "/")+1:]
	return strings.HasSuffix(name, "test") && strings.HasPrefix(path, "internal/") || strings.HasPrefix(path, "test/")
}

type tree struct {
	positions *token.FileSet
	packages  map[string]*goPackage
}

// loadTree parses the tree once for all tests.
var loadTree = sync.OnceValues(func() (tree, error) {
	t := tree{positions: token.NewFileSet(), packages: map[string]*goPackage{}}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return enter(path, entry.Name())
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		return t.add(path)
	})
	return t, err
})

// enter skips what the go command skips, and the modules of their own.
func enter(path, name string) error {
	if path == root {
		return nil
	}
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func (t *tree) add(path string) error {
	file, err := parser.ParseFile(t.positions, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	folder, err := filepath.Rel(root, filepath.Dir(path))
	if err != nil {
		return err
	}
	folder = filepath.ToSlash(folder)
	p := t.packages[folder]
	if p == nil {
		p = &goPackage{path: folder}
		t.packages[folder] = p
	}
	p.files = append(p.files, file)
	return nil
}

func mustLoadTree(t *testing.T) tree {
	t.Helper()
	loaded, err := loadTree()
	if err != nil {
		t.Fatalf("read the tree: %v", err)
	}
	return loaded
}

// at is a place in the tree for a message.
func (t *tree) at(pos token.Pos) string {
	p := t.positions.Position(pos)
	path, err := filepath.Rel(root, p.Filename)
	if err != nil {
		path = p.Filename
	}
	return fmt.Sprintf("%s:%d", filepath.ToSlash(path), p.Line)
}
