package agentapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/bridle-ci/bridle/internal/core/fault"
)

// The sizes in bytes that request bodies may have. A text of a size takes up to six times as much in JSON.
const (
	maxBody           = 1 << 20
	maxMetaDataBody   = 16 << 20
	maxAnnotation     = 7 << 20
	maxArtifactStates = 8 << 20
	maxPipelineBody   = 32 << 20
)

// body reads a request's JSON object into v, whatever its Content-Type says; an empty body is `{}`, and unknown keys
// are ignored.
func (c *call) body(v any, limit int64) error {
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return fault.New(fault.TooLarge, "The request body is larger than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "The request body could not be read whole. Please send it again.")
	}
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0:
		return nil
	case raw[0] != '{':
		return fault.New(fault.Malformed, "The request body must be a JSON object")
	case holdsNUL(raw):
		return fault.New(fault.Invalid, `The request body holds the character \u0000, which cannot be stored`)
	}
	return bodyError(json.Unmarshal(raw, v))
}

// bodyError tells a client what is wrong with its JSON.
func bodyError(err error) error {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		return fault.New(fault.Invalid, "The field %q of the request cannot be a JSON %s", kind.Field, kind.Value)
	case errors.As(err, &syntax):
		return fault.New(fault.Malformed, "The request body is not valid JSON: %s at byte %d", syntax.Error(), syntax.Offset)
	}
	return fault.New(fault.Malformed, "The request body is not valid JSON: %s", err)
}

// holdsNUL reports whether JSON text has an escaped NUL character in it, which no database takes.
func holdsNUL(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 || i+1 >= len(raw) {
			return false
		}
		if bytes.HasPrefix(raw[i+1:], []byte("u0000")) {
			return true
		}
		raw = raw[i+2:]
	}
}
