package logview

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// maxColumns is where a line is broken: programs may print without end.
	maxColumns = 16 << 10
	// maxStyle bounds the sequences that make up a style, in bytes.
	maxStyle = 128
	// maxSequence bounds what is kept of an escape sequence; inline images are megabytes.
	maxSequence = 4 << 10
)

// Decoder reads a log in pieces, which may begin and end anywhere. It is not safe for concurrent use.
type Decoder struct {
	cells  []cell
	column int
	style  string
	at     time.Time

	state    state
	sequence []byte
	// rune holds the first bytes of a character whose others are to come.
	rune []byte
}

// cell is one character of the line in the works.
type cell struct {
	char  rune
	style string
}

// state is where in an escape sequence the decoder is.
type state int

const (
	ground state = iota
	escaped
	// control is in a sequence such as `ESC [ 1 ; 31 m`.
	control
	// str is in the text of an operating system or application command, stringEscaped after an ESC in it.
	str
	stringEscaped
	// skipOne ignores one more character.
	skipOne
)

const (
	escape = 0x1b
	bell   = 0x07
)

// Write takes the next piece and returns the lines it completes.
func (d *Decoder) Write(piece []byte) []Line {
	var lines []Line
	for _, b := range piece {
		if line, done := d.take(b); done {
			lines = append(lines, line)
		}
	}
	return lines
}

// Close ends the log and returns its unfinished last line, if any.
func (d *Decoder) Close() []Line {
	if len(d.rune) > 0 {
		d.rune = nil
		d.put(utf8.RuneError)
	}
	if len(d.cells) == 0 {
		return nil
	}
	return []Line{d.finish()}
}

// take handles one byte.
func (d *Decoder) take(b byte) (Line, bool) {
	switch d.state {
	case ground:
		return d.text(b)
	case escaped:
		d.afterEscape(b)
	case control:
		d.inControl(b)
	case str, stringEscaped:
		d.inString(b)
	case skipOne:
		d.state = ground
	}
	return Line{}, false
}

func (d *Decoder) text(b byte) (Line, bool) {
	if len(d.rune) > 0 || b >= utf8.RuneSelf {
		return d.multibyte(b)
	}
	switch b {
	case escape:
		d.state = escaped
	case '\n':
		return d.finish(), true
	case '\r':
		d.column = 0
	case '\b':
		d.column = max(0, d.column-1)
	case '\t':
		d.put('\t')
	default:
		if b >= ' ' && b != 0x7f {
			d.put(rune(b))
		}
	}
	if d.column >= maxColumns {
		return d.finish(), true
	}
	return Line{}, false
}

// multibyte gathers the bytes of a character.
func (d *Decoder) multibyte(b byte) (Line, bool) {
	if b < utf8.RuneSelf || (len(d.rune) > 0 && utf8.RuneStart(b)) {
		// The character before was cut off.
		d.rune = nil
		d.put(utf8.RuneError)
		return d.text(b)
	}
	d.rune = append(d.rune, b)
	if !utf8.FullRune(d.rune) {
		return Line{}, false
	}
	char, _ := utf8.DecodeRune(d.rune)
	d.rune = d.rune[:0]
	if !unicode.IsControl(char) {
		d.put(char)
	}
	if d.column >= maxColumns {
		return d.finish(), true
	}
	return Line{}, false
}

// put writes a character where the cursor is.
func (d *Decoder) put(char rune) {
	for len(d.cells) <= d.column {
		d.cells = append(d.cells, cell{char: ' '})
	}
	d.cells[d.column] = cell{char, d.style}
	d.column++
}

// finish returns the line and begins the next, in the same style.
func (d *Decoder) finish() Line {
	kind, marker := kindOf(d.cells)
	line := Line{Kind: kind, Text: render(d.cells[marker:]), At: d.at}
	d.cells, d.column, d.at = d.cells[:0], 0, time.Time{}
	return line
}

// render writes cells with the styles where they change.
func render(cells []cell) string {
	for len(cells) > 0 && cells[len(cells)-1] == (cell{char: ' '}) {
		cells = cells[:len(cells)-1]
	}
	var b strings.Builder
	style := ""
	for _, c := range cells {
		if c.style != style {
			if style != "" {
				b.WriteString(reset)
			}
			b.WriteString(c.style)
			style = c.style
		}
		b.WriteRune(c.char)
	}
	if style != "" {
		b.WriteString(reset)
	}
	return b.String()
}
