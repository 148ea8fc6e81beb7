package rest

import (
	"bufio"
	"net/http"
	"unicode/utf8"

	"github.com/bridle-ci/bridle/internal/server/wire"
)

// writeLogObject sends the object `job_log`. A log may be larger than the memory there is for it, so its content is
// written as it is read.
func (a *API) writeLogObject(c *call, jobID, address string) error {
	times, err := a.Logs.Times(c.r.Context(), jobID)
	if err != nil {
		return err
	}
	if times == nil {
		times = []int64{}
	}
	r, size, err := a.Logs.Read(c.r.Context(), jobID, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	head, err := wire.EncodeJSON(address)
	if err != nil {
		return err
	}
	tail, err := wire.EncodeJSON(struct {
		Size        int64   `json:"size"`
		HeaderTimes []int64 `json:"header_times"`
	}{size, times})
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", wire.JSONType)
	c.w.Header().Add("Vary", "Accept")
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method == http.MethodHead {
		return nil
	}
	w := bufio.NewWriterSize(c.w, 64<<10)
	// The writer keeps its first error, so Flush tells of them all.
	_, _ = w.WriteString(`{"url":` + string(head) + `,"content":"`)
	text := &jsonText{w: w}
	c.stream(text, r)
	text.close()
	_, _ = w.WriteString(`",` + string(tail[1:]))
	if err := w.Flush(); err != nil {
		panic(http.ErrAbortHandler) // the client went away
	}
	return nil
}

// jsonText writes the inside of a JSON string. Like encoding/json it puts U+FFFD for each byte that is not UTF-8.
type jsonText struct {
	w *bufio.Writer
	// part is the beginning of a character whose other bytes are still to come.
	part []byte
}

// Write implements io.Writer; p may end anywhere.
func (t *jsonText) Write(p []byte) (int, error) {
	n := len(p)
	if len(t.part) > 0 {
		p = append(t.part, p...)
		t.part = nil
	}
	for len(p) > 0 {
		plain := plainPrefix(p)
		if _, err := t.w.Write(p[:plain]); err != nil {
			return 0, err
		}
		if p = p[plain:]; len(p) == 0 {
			break
		}
		if p[0] >= utf8.RuneSelf && !utf8.FullRune(p) {
			t.part = append([]byte(nil), p...)
			break
		}
		p = p[t.character(p):]
	}
	return n, nil
}

// close writes what is left of an unfinished character.
func (t *jsonText) close() {
	for range t.part {
		_, _ = t.w.WriteString(`\ufffd`)
	}
}

// plainPrefix is how many bytes from the beginning need no care.
func plainPrefix(p []byte) int {
	for i, b := range p {
		if b < ' ' || b == '"' || b == '\\' || b >= utf8.RuneSelf {
			return i
		}
	}
	return len(p)
}

// character writes the character that p begins with and returns how many bytes it has. The writer keeps its errors.
func (t *jsonText) character(p []byte) int {
	const hex = "0123456789abcdef"
	switch b := p[0]; {
	case b >= utf8.RuneSelf:
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			_, _ = t.w.WriteString(`\ufffd`)
			return 1
		}
		_, _ = t.w.Write(p[:size])
		return size
	case b == '"' || b == '\\':
		_, _ = t.w.Write([]byte{'\\', b})
	case b == '\n':
		_, _ = t.w.WriteString(`\n`)
	case b == '\r':
		_, _ = t.w.WriteString(`\r`)
	case b == '\t':
		_, _ = t.w.WriteString(`\t`)
	default:
		_, _ = t.w.Write([]byte{'\\', 'u', '0', '0', hex[b>>4], hex[b&15]})
	}
	return 1
}
