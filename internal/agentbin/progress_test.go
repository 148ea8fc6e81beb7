package agentbin

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	var said []string
	p := progress{say: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }}
	list := lineWriter{line: p.downloading}
	for i := range 120 {
		// A line may arrive in parts.
		fmt.Fprintf(&list, "go: downloading ")
		fmt.Fprintf(&list, "example.com/m%d v1.0.0\n", i)
	}
	fmt.Fprint(&list, "go: warning\nno newline")
	p.compile(250)
	build := lineWriter{line: p.compiling}
	for i := range 250 {
		fmt.Fprintf(&build, "example.com/p%d\n", i)
	}
	fmt.Fprint(&build, "# example.com/p\np.go:1:1: wrong\n")

	want := []string{
		"Downloading modules",
		"Downloading modules: 50 so far",
		"Downloading modules: 100 so far",
		"Compiling 250 packages",
		"Compiling 250 packages: 100 so far",
		"Compiling 250 packages: 200 so far",
	}
	if !slices.Equal(said, want) {
		t.Errorf("said %q", said)
	}
	if got := list.unaccounted(); got != "go: warning\nno newline" {
		t.Errorf("of go list: %q", got)
	}
	if got := build.unaccounted(); got != "# example.com/p\np.go:1:1: wrong\n" {
		t.Errorf("of go build: %q", got)
	}
}

func TestLineWriterKeepsTheEnd(t *testing.T) {
	t.Parallel()
	w := lineWriter{line: func(string) bool { return false }}
	for i := range 100 {
		fmt.Fprintln(&w, i)
	}
	got := strings.Fields(w.unaccounted())
	if len(got) != keptLines || got[0] != "80" || got[keptLines-1] != "99" {
		t.Errorf("kept %q", got)
	}
}
