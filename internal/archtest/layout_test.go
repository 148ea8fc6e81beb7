package archtest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// namedDepth is how deep in the tree the page names every folder, by the folder at the top of it.
var namedDepth = map[string]int{
	"cmd": 2, "contracts": 1, "scripts": 2, "test": 2, "internal": 2,
	coreFolder: 3, "internal/service": 3, faceFolder: 3,
}

// TestTreeIsNamed compares the tree of docs/architecture.md with the folders there are, both ways.
func TestTreeIsNamed(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "```\n")
	page, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/architecture.md does not begin with the tree")
	}
	named := foldersIn(page)
	loaded := mustLoadTree(t)
	for _, path := range slices.Sorted(maps.Keys(loaded.packages)) {
		for folder := path; folder != "."; folder = filepath.ToSlash(filepath.Dir(folder)) {
			if strings.Count(folder, "/") < depthOf(folder) && !named[folder] {
				t.Errorf("docs/architecture.md does not name %s in its tree", folder)
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(named)) {
		if info, err := os.Stat(filepath.Join(root, folder)); err != nil || !info.IsDir() {
			t.Errorf("docs/architecture.md names %s in its tree, which is no folder", folder)
		}
	}
}

func depthOf(folder string) int {
	depth, longest := 0, -1
	for top, d := range namedDepth {
		if within(top, folder) && len(top) > longest {
			depth, longest = d, len(top)
		}
	}
	return depth
}

// foldersIn reads a tree that is drawn by indentation. The first column of a line has one or several folders; two spaces
// end it.
func foldersIn(page string) map[string]bool {
	folders := map[string]bool{}
	var above []string
	for line := range strings.Lines(page) {
		text := strings.TrimLeft(line, " ")
		depth := (len(line) - len(text)) / 2
		var names []string
		column, _, _ := strings.Cut(text, "  ")
		for _, word := range strings.Fields(column) {
			names = append(names, strings.TrimSuffix(word, "/"))
		}
		if len(names) == 0 || depth > len(above) {
			continue
		}
		for _, name := range names {
			folders[strings.Join(append(slices.Clone(above[:depth]), name), "/")] = true
		}
		above = append(slices.Clone(above[:depth]), names[len(names)-1])
	}
	return folders
}
