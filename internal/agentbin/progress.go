package agentbin

import (
	"bytes"
	"strings"
)

// progress turns the messages of the Go tool into a few lines for people.
type progress struct {
	say func(format string, args ...any)

	downloaded, compiled, total int
}

// How many downloads and packages pass between two lines.
const (
	downloadsPerLine = 50
	packagesPerLine  = 100
)

// downloading takes a message of go list.
func (p *progress) downloading(line string) bool {
	if !strings.HasPrefix(line, "go: downloading ") {
		return false
	}
	if p.downloaded++; p.downloaded == 1 {
		p.say("Downloading modules")
	} else if p.downloaded%downloadsPerLine == 0 {
		p.say("Downloading modules: %d so far", p.downloaded)
	}
	return true
}

// compile says how many packages compiling is going to be called for.
func (p *progress) compile(total int) {
	p.total = total
	if total > 0 {
		p.say("Compiling %d packages", total)
	}
}

// compiling takes a message of go build -v: the import path of a package, or
// text that has spaces in it.
func (p *progress) compiling(line string) bool {
	if strings.Contains(line, " ") {
		return false
	}
	if p.compiled++; p.compiled%packagesPerLine == 0 && p.compiled < p.total {
		p.say("Compiling %d packages: %d so far", p.total, p.compiled)
	}
	return true
}

// lineWriter splits what is written to it into lines and keeps the last of
// those that line returns false for.
type lineWriter struct {
	line    func(string) bool
	partial []byte
	kept    []string
}

// keptLines are enough to show a compiler's or downloader's complaint.
const keptLines = 20

// Write never fails.
func (w *lineWriter) Write(b []byte) (int, error) {
	w.partial = append(w.partial, b...)
	for {
		line, after, found := bytes.Cut(w.partial, []byte("\n"))
		if !found {
			return len(b), nil
		}
		w.take(string(line))
		w.partial = after
	}
}

func (w *lineWriter) take(line string) {
	if w.line(line) {
		return
	}
	w.kept = append(w.kept, line)
	if len(w.kept) > keptLines {
		w.kept = w.kept[1:]
	}
}

func (w *lineWriter) unaccounted() string {
	return strings.Join(append(w.kept, string(w.partial)), "\n")
}
