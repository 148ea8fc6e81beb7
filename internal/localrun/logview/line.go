// Package logview turns the bytes of a job's log, which are those of a terminal, into lines that can be printed below
// one another: overwritten text is gone, colors stay, whatever else a terminal would obey is taken out. It knows nothing
// of jobs or of where lines are printed.
//
// The contract is docs/contract/pipelines.md, section 25.
package logview

import (
	"strings"
	"time"
)

// Kind is what a line means for the groups of a log.
type Kind int

// The kinds of lines.
const (
	// Output belongs to the latest header.
	Output Kind = iota
	// Collapsed, Muted and Expanded are the headers `---`, `~~~` and `+++`.
	Collapsed
	Muted
	Expanded
	// Opens (`^^^ +++`) asks to see the previous group after all. It has no text.
	Opens
)

// Header reports whether a group begins with the line.
func (k Kind) Header() bool { return k == Collapsed || k == Muted || k == Expanded }

// Marker is how the kind is written at the start of a line.
func (k Kind) Marker() string { return markers[k] }

var markers = map[Kind]string{Collapsed: "---", Muted: "~~~", Expanded: "+++", Opens: "^^^ +++"}

// Line is one line of a log.
type Line struct {
	Kind Kind
	// Text is without the header's marker. Its only escape sequences are colors and other styles, and they end with
	// the line.
	Text string
	// At is when the job printed the line; zero when the log does not say.
	At time.Time
}

// Plain is the text without styles.
func (l Line) Plain() string { return Strip(l.Text) }

// Strip takes the styles out of the text of a line.
func Strip(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, text, _ = strings.Cut(rest, "m")
	}
}

// Clean takes out of any text what a terminal would obey: all control characters but tabs.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (r < ' ' || (r >= 0x7f && r < 0xa0)) {
			return -1
		}
		return r
	}, text)
}

// kindOf tells a header from its cells and how many of them are the marker.
func kindOf(cells []cell) (Kind, int) {
	var start strings.Builder
	for _, c := range cells[:min(len(cells), len("^^^ +++"))] {
		start.WriteRune(c.char)
	}
	text := start.String()
	if strings.HasPrefix(text, "^^^ +++") {
		return Opens, len(cells)
	}
	for _, kind := range []Kind{Collapsed, Muted, Expanded} {
		rest, found := strings.CutPrefix(text, markers[kind])
		if found && (strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "\t")) {
			return kind, len(markers[kind]) + 1
		}
	}
	return Output, 0
}
