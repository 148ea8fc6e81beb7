package logview

import (
	"strconv"
	"strings"
	"time"
)

const reset = "\x1b[0m"

// afterEscape handles the byte after ESC.
func (d *Decoder) afterEscape(b byte) {
	d.sequence = d.sequence[:0]
	switch b {
	case '[':
		d.state = control
	case ']', '_', 'P', 'X', '^':
		d.state = str
		d.keep(b)
	case '(', ')', '*', '+', '#', '%':
		d.state = skipOne
	case escape:
	default:
		d.state = ground
	}
}

// keep adds a byte to the sequence as long as there is room.
func (d *Decoder) keep(b byte) {
	if len(d.sequence) < maxSequence {
		d.sequence = append(d.sequence, b)
	}
}

// inControl handles a byte of a control sequence, which ends with one from @ to ~.
func (d *Decoder) inControl(b byte) {
	switch {
	case b == escape:
		d.state = escaped
	case b == '\n' || b == '\r': // broken off
		d.state = ground
	case b >= '@' && b <= '~':
		d.state = ground
		d.obey(b, string(d.sequence))
	default:
		d.keep(b)
	}
}

// obey does what a control sequence says within the line; cursors that leave it are ignored.
func (d *Decoder) obey(final byte, parameters string) {
	n, err := strconv.Atoi(parameters)
	given := err == nil
	switch final {
	case 'm':
		d.setStyle(parameters)
	case 'K':
		d.erase(n)
	case 'C':
		d.move(d.column + atLeastOne(n))
	case 'D':
		d.move(d.column - atLeastOne(n))
	case 'G':
		if !given {
			n = 1
		}
		d.move(n - 1)
	}
}

func atLeastOne(n int) int { return max(1, n) }

func (d *Decoder) move(column int) { d.column = min(max(0, column), maxColumns-1) }

// erase removes what is after (0), before (1) or on (2) the line.
func (d *Decoder) erase(part int) {
	switch part {
	case 0:
		d.cells = d.cells[:min(d.column, len(d.cells))]
	case 1:
		for i := range d.cells[:min(d.column+1, len(d.cells))] {
			d.cells[i] = cell{char: ' '}
		}
	case 2:
		d.cells = d.cells[:0]
	}
}

// setStyle adds a style sequence to those in force, which a reset ends.
func (d *Decoder) setStyle(parameters string) {
	if strings.Trim(parameters, "0123456789;:") != "" {
		return
	}
	first, rest, several := strings.Cut(parameters, ";")
	if strings.Trim(first, "0") == "" {
		d.style = ""
		if !several {
			return
		}
		d.setStyle(rest)
		return
	}
	if sequence := "\x1b[" + parameters + "m"; len(d.style)+len(sequence) <= maxStyle {
		d.style += sequence
	}
}

// inString handles a byte of a command's text, which ends with BEL or ESC \.
func (d *Decoder) inString(b byte) {
	switch {
	case b == bell || (d.state == stringEscaped && b == '\\'):
		d.state = ground
		d.run(string(d.sequence))
	case b == escape:
		d.state = stringEscaped
	case d.state == stringEscaped:
		// Something else than the end: the text was never closed.
		d.state = escaped
		d.afterEscape(b)
	default:
		d.keep(b)
	}
}

// run does what a command says: times are noted, images and links become text.
func (d *Decoder) run(command string) {
	if stamp, ok := strings.CutPrefix(command, "_bk;t="); ok {
		if ms, err := strconv.ParseInt(stamp, 10, 64); err == nil && d.at.IsZero() {
			d.at = time.UnixMilli(ms).UTC()
		}
		return
	}
	number, rest, _ := strings.Cut(strings.TrimPrefix(command, "]"), ";")
	values := assignments(rest)
	switch {
	case command[0] != ']':
	case number == "1337" && strings.HasPrefix(rest, "File="):
		d.write("[image]")
	case number == "1338":
		d.write("[image: " + firstOf(values["alt"], values["url"]) + "]")
	case number == "1339":
		if values["content"] == "" || values["content"] == values["url"] {
			d.write(values["url"])
		} else {
			d.write(values["content"] + " (" + values["url"] + ")")
		}
	}
}

func (d *Decoder) write(text string) {
	for _, char := range strings.ToValidUTF8(text, "\uFFFD") {
		if char >= ' ' && char != 0x7f && d.column < maxColumns-1 {
			d.put(char)
		}
	}
}

// assignments reads `url='…';alt="…";width=10`.
func assignments(text string) map[string]string {
	values := map[string]string{}
	for text != "" {
		name, rest, ok := strings.Cut(text, "=")
		if !ok {
			return values
		}
		var value string
		if quote := strings.IndexAny(rest, `'"`); quote == 0 {
			value, rest, _ = strings.Cut(rest[1:], rest[:1])
			_, text, _ = strings.Cut(rest, ";")
		} else {
			value, text, _ = strings.Cut(rest, ";")
		}
		values[strings.TrimSpace(name)] = value
	}
	return values
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
