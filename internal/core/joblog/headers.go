package joblog

import (
	"bytes"
	"strconv"
	"time"
)

// Headers finds the times of header lines in a log that is written to it from its beginning, in pieces cut anywhere: of
// lines that start with `---`, `+++` or `~~~` and a blank, after the timestamps the agent puts before them
// (docs/contract/pipelines.md, section 25). It holds a few bytes, however long lines are.
type Headers struct {
	state  headerState
	marker []byte // what was seen of a marker
	stamp  []byte // what was seen of an escape sequence
	resume headerState
	last   int64 // the latest timestamp in ms
	seen   bool  // a timestamp was seen
	times  []int64
}

type headerState byte

const (
	lineStart headerState = iota
	inLine
	afterEscape
	inStamp
)

const (
	escape = 0x1b
	bell   = 0x07
	// maxStamp is the longest application program command that is looked into.
	maxStamp = 128
)

// Write takes the next bytes of the log. It never fails.
func (h *Headers) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if h.state == inLine {
			// Most bytes are in the middle of lines: go to the next that matters.
			i := bytes.IndexAny(p, "\n\x1b")
			if i < 0 {
				break
			}
			p = p[i:]
		}
		h.next(p[0])
		p = p[1:]
	}
	return n, nil
}

func (h *Headers) next(c byte) {
	switch h.state {
	case lineStart:
		h.atLineStart(c)
	case inLine:
		switch c {
		case '\n':
			h.newLine()
		case escape:
			h.state, h.resume = afterEscape, inLine
		}
	case afterEscape:
		switch c {
		case '_':
			h.state, h.stamp = inStamp, h.stamp[:0]
		case escape: // another one begins
		case '\n':
			h.newLine()
		default:
			h.state = inLine
		}
	case inStamp:
		h.inStamp(c)
	}
}

func (h *Headers) newLine() { h.state, h.marker = lineStart, h.marker[:0] }

func (h *Headers) atLineStart(c byte) {
	switch {
	case c == '\n':
		h.newLine()
	case c == escape && len(h.marker) == 0:
		h.state, h.resume = afterEscape, lineStart
	case len(h.marker) == 3:
		if c == ' ' || c == '\t' || c == '\r' {
			h.header()
		}
		h.state = inLine
		if c == escape {
			h.state, h.resume = afterEscape, inLine
		}
	case (c == '-' || c == '+' || c == '~') && (len(h.marker) == 0 || h.marker[0] == c):
		h.marker = append(h.marker, c)
	case c == escape:
		h.state, h.resume = afterEscape, inLine
	default:
		h.state = inLine
	}
}

func (h *Headers) header() {
	if len(h.times) < MaxHeaders {
		h.times = append(h.times, h.last*int64(time.Millisecond))
	}
}

func (h *Headers) inStamp(c byte) {
	switch {
	case c == bell:
		h.takeStamp()
		h.state = h.resume
	case c == '\n':
		h.newLine()
	case len(h.stamp) == maxStamp:
		h.state = inLine
	default:
		h.stamp = append(h.stamp, c)
	}
}

// takeStamp reads `bk;t=<ms>` and `bk;dt=<ms since the one before>`.
func (h *Headers) takeStamp() {
	rest, ok := bytes.CutPrefix(h.stamp, []byte("bk;"))
	if !ok {
		return
	}
	for field := range bytes.SplitSeq(rest, []byte{';'}) {
		key, value, _ := bytes.Cut(field, []byte{'='})
		ms, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || ms < -maxMillis || ms > maxMillis {
			continue
		}
		switch string(key) {
		case "t":
			h.last, h.seen = ms, true
		case "dt":
			if sum := h.last + ms; sum >= -maxMillis && sum <= maxMillis {
				h.last, h.seen = sum, true
			}
		}
	}
}

// maxMillis keeps a time within what nanoseconds can say.
const maxMillis = int64(1<<63-1) / int64(time.Millisecond)

// Times are the times of the header lines so far, in nanoseconds since 1970, in order. A header without a time of its own
// has the latest before it. There are none when the log has no timestamps at all.
func (h *Headers) Times() []int64 {
	if !h.seen {
		return nil
	}
	return h.times
}

// PostedTimes orders header times that the agent sent, in nanoseconds by the number of their header, from 0. Headers that
// it left out have the time before them.
func PostedTimes(posted map[int]int64) []int64 {
	count := 0
	for n := range posted {
		if n >= 0 && n < MaxHeaders {
			count = max(count, n+1)
		}
	}
	times := make([]int64, count)
	for n := range times {
		if at, ok := posted[n]; ok {
			times[n] = at
		} else if n > 0 {
			times[n] = times[n-1]
		}
	}
	return times
}
