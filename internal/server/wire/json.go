package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// JSONType is the media type of JSON bodies.
const JSONType = "application/json; charset=utf-8"

// EncodeJSON renders a body. Markup in strings is left as it is: no client of these APIs puts a body into a page.
func EncodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := encodeJSON(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func encodeJSON(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("encode response: %w", err)
	}
	b.Truncate(b.Len() - len("\n"))
	return nil
}

// bodies are buffers for bodies on their way out: a page of builds has some hundred kilobytes.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooledBody is how large a buffer is kept, in bytes.
const maxPooledBody = 1 << 20

// WriteJSON sends a body with a status. A GET that succeeds carries a weak validator and is answered with 304 when the
// client has that very body.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body := bodies.Get().(*bytes.Buffer)
	defer func() {
		if body.Cap() <= maxPooledBody {
			body.Reset()
			bodies.Put(body)
		}
	}()
	if err := encodeJSON(body, v); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", JSONType)
	if status == http.StatusOK && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		tag := weakTag(body.Bytes())
		h.Set("ETag", tag)
		if tagMatches(r.Header.Get("If-None-Match"), tag) {
			h.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that went away is nobody's error
	return nil
}

// weakTag is the same on every node and after every restart. It keeps no secret, so a fast hash will do.
func weakTag(body []byte) string { return `W/"` + strconv.FormatUint(xxhash.Sum64(body), 16) + `"` }

// tagMatches compares weakly: the list of an If-None-Match header holds the tag, with or without its W/.
func tagMatches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
