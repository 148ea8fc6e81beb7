package markup

import (
	"bytes"
	"strings"
)

// Log renders the end of a log, at most MaxLogBytes of it: groups that open and close, and in each the lines as the
// terminal would have shown them. cut says that the text does not begin where the log begins, so that its first line may
// be a part of one.
func Log(text []byte, cut bool) Fragment {
	if len(text) > MaxLogBytes {
		text, cut = text[len(text)-MaxLogBytes:], true
	}
	if cut {
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			text = text[end+1:]
		}
	}
	if len(text) == 0 {
		return Fragment{}
	}
	var groups groups
	renderTerminal(text, true, groups.lines)
	return Fragment{html: groups.html(), artifacts: maxLogArtifacts}
}

// group is a header with the lines below it; the lines before the first header have none.
type group struct {
	header string
	kind   string // the marker: ---, ~~~ or +++
	open   bool
	body   strings.Builder
}

type groups struct {
	list []*group
}

// lines takes one or more rendered lines.
func (g *groups) lines(html string) {
	for line := range strings.Lines(html) {
		g.line(strings.TrimSuffix(line, "\n"))
	}
}

func (g *groups) line(html string) {
	stamp, text := cutStamp(html)
	switch marker, rest := cutMarker(text); {
	case marker == "^^^" && strings.HasPrefix(rest, "+++"):
		if len(g.list) > 0 {
			g.list[len(g.list)-1].open = true
		}
	case marker != "" && marker != "^^^":
		g.list = append(g.list, &group{header: stamp + rest, kind: marker, open: marker == "+++"})
	default:
		if len(g.list) == 0 {
			g.list = append(g.list, &group{})
		}
		last := g.list[len(g.list)-1]
		last.body.WriteString(html)
		last.body.WriteByte('\n')
	}
}

// cutStamp separates the time a line begins with from the line.
func cutStamp(html string) (stamp, text string) {
	const end = "</time>"
	if !strings.HasPrefix(html, "<time") {
		return "", html
	}
	if i := strings.Index(html, end); i >= 0 {
		return html[:i+len(end)], html[i+len(end):]
	}
	return "", html
}

// cutMarker separates a group marker, which a blank follows, from a line.
func cutMarker(text string) (marker, rest string) {
	if len(text) < 4 || (text[3] != ' ' && text[3] != '\t') {
		return "", text
	}
	switch marker = text[:3]; marker {
	case "---", "+++", "~~~", "^^^":
		return marker, strings.TrimLeft(text[4:], " \t")
	}
	return "", text
}

// html renders the groups. Without any that says to be open, the last `---` group is.
func (g *groups) html() string {
	if last := g.lastPlain(); last != nil {
		last.open = true
	}
	var b strings.Builder
	for _, group := range g.list {
		group.write(&b)
	}
	return b.String()
}

func (g *groups) lastPlain() *group {
	var last *group
	for _, group := range g.list {
		switch group.kind {
		case "+++":
			return nil
		case "---":
			last = group
		}
	}
	return last
}

func (g *group) write(b *strings.Builder) {
	body := sanitize(logPolicy, g.body.String(), maxLogArtifacts).html
	if g.kind == "" {
		writePre(b, body)
		return
	}
	b.WriteString(`<details class="term-group`)
	if g.kind == "~~~" {
		b.WriteString(" term-group-muted")
	}
	b.WriteByte('"')
	if g.open {
		b.WriteString(" open")
	}
	b.WriteString("><summary>")
	b.WriteString(sanitize(logPolicy, g.header, maxLogArtifacts).html)
	b.WriteString("</summary>")
	if body != "" {
		writePre(b, body)
	}
	b.WriteString("</details>\n")
}

func writePre(b *strings.Builder, body string) {
	b.WriteString(`<pre class="term">`)
	b.WriteString(body)
	b.WriteString("</pre>\n")
}
