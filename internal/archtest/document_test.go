package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// direction is what the section "Direction" of docs/architecture.md says.
type direction struct {
	rules     []rule
	core      []string   // patterns of the libraries that the core may import
	confined  []confined // libraries and SQL text
	sqlPlaces []string   // patterns of the packages with SQL text in them
}

// rule says what the packages that match a pattern may import of Bridle.
type rule struct {
	pattern string
	allowed []string
}

// confined is a library that only some packages may import.
type confined struct {
	library string
	only    []string
}

// Titles of the tables, which are those of their first columns.
const (
	rulesTable    = "Package"
	coreTable     = "Library of the core"
	confinedTable = "What"
	sqlText       = "SQL text"
)

func readDirection(t *testing.T) direction {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := parseDirection(string(content))
	if err != nil {
		t.Fatalf("docs/architecture.md: %v", err)
	}
	return d
}

func parseDirection(document string) (direction, error) {
	_, section, found := strings.Cut(document, "\n## Direction\n")
	if !found {
		return direction{}, fmt.Errorf("no section \"Direction\"")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var d direction
	table := ""
	for line := range strings.Lines(section) {
		cells := cellsOf(line)
		switch {
		case len(cells) < 2:
			table = ""
		case strings.HasPrefix(cells[0], "---"):
		case table == "":
			table = cells[0]
		default:
			d.add(table, cells)
		}
	}
	if len(d.rules) == 0 || len(d.core) == 0 || len(d.confined) == 0 || len(d.sqlPlaces) == 0 {
		return direction{}, fmt.Errorf("section \"Direction\" lacks a table: it has %d, %d, %d and %d rows",
			len(d.rules), len(d.core), len(d.confined), len(d.sqlPlaces))
	}
	return d, nil
}

func (d *direction) add(table string, cells []string) {
	switch table {
	case rulesTable:
		for _, pattern := range quoted(cells[0]) {
			d.rules = append(d.rules, rule{pattern: pattern, allowed: quoted(cells[1])})
		}
	case coreTable:
		d.core = append(d.core, quoted(cells[0])...)
	case confinedTable:
		if cells[0] == sqlText {
			d.sqlPlaces = quoted(cells[1])
			return
		}
		for _, library := range quoted(cells[0]) {
			d.confined = append(d.confined, confined{library: library, only: quoted(cells[1])})
		}
	}
}

// cellsOf returns the cells of a row of a table, and nothing for other lines.
func cellsOf(line string) []string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
		return nil
	}
	var cells []string
	for cell := range strings.SplitSeq(line[1:len(line)-1], "|") {
		cells = append(cells, strings.TrimSpace(cell))
	}
	return cells
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// quoted returns what is set as code in a cell.
func quoted(cell string) []string {
	var texts []string
	for _, match := range codeSpan.FindAllStringSubmatch(cell, -1) {
		texts = append(texts, match[1])
	}
	return texts
}
