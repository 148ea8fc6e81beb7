package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
)

// body reads a request's JSON object into v, whatever its Content-Type says; an empty body is `{}`, and unknown keys
// are ignored (contracts/rest/README.md, Bodies, content types, CORS).
func (c *call) body(v any) error {
	raw, err := c.rawBody()
	if err != nil {
		return err
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil
	}
	if raw[0] != '{' {
		return malformed("The request body must be a JSON object")
	}
	if holdsNUL(raw) {
		return malformed(`The request body holds the character \u0000, which cannot be stored`)
	}
	return bodyError(json.Unmarshal(raw, v))
}

// rawBody reads the bytes of a request's body, which may come compressed. The limit is on what they are in the end, so
// that a small body that swells is refused as a large one is.
func (c *call) rawBody() ([]byte, error) {
	limit := c.api.MaxBody
	var body io.Reader = http.MaxBytesReader(c.w, c.r.Body, limit)
	switch encoding := strings.ToLower(c.r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		zipped, err := gzip.NewReader(body)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, malformed("The request body is said to be compressed with gzip, and is not")
		}
		body = io.LimitReader(zipped, limit+1)
	default:
		return nil, malformed("The request body is encoded with %.40q: send it plain, or compressed with gzip", encoding)
	}
	raw, err := io.ReadAll(body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) || int64(len(raw)) > limit {
		return nil, fault.New(fault.TooLarge, "The request body is larger than %d bytes", limit)
	}
	if err != nil {
		return nil, malformed("The request body could not be read")
	}
	return raw, nil
}

// bodyError tells a client what is wrong with its JSON: its form (400), or the type of one of its keys (422).
func bodyError(err error) error {
	var (
		syntax *json.SyntaxError
		kind   *json.UnmarshalTypeError
		f      *fault.Error
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case errors.As(err, &kind):
		code := fmt.Sprintf("must be %s and not %s", typeName(kind.Type), article(kind.Value))
		return fault.InvalidFields(fault.Field{Field: kind.Field, Code: code})
	case errors.As(err, &syntax):
		return malformed("The request body is not valid JSON: %s at byte %d", syntax.Error(), syntax.Offset)
	}
	return malformed("The request body is not valid JSON")
}

// typeName is what a Go type is called in JSON.
func typeName(t reflect.Type) string {
	if t == nil {
		return "another type"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "an integer"
	case reflect.Slice:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Pointer:
		return typeName(t.Elem())
	}
	return "another type"
}

// article puts an article before what package json calls a value: `number`, or `number 1.5`.
func article(value string) string {
	switch {
	case value == "array" || value == "object":
		return "an " + value
	case value == "bool":
		return "true or false"
	case strings.HasPrefix(value, "number "):
		return "the " + value
	}
	return "a " + value
}

// holdsNUL reports whether JSON text has an escaped NUL character in it, which no database takes.
func holdsNUL(raw []byte) bool {
	for i := bytes.IndexByte(raw, '\\'); i >= 0 && i+1 < len(raw); {
		if raw[i+1] == 'u' && bytes.HasPrefix(raw[i+2:], []byte("0000")) {
			return true
		}
		next := bytes.IndexByte(raw[i+2:], '\\')
		if next < 0 {
			return false
		}
		i += 2 + next
	}
	return false
}

// optional is a key of a body that may be absent, null, or have a value; partial updates tell the three apart.
type optional[T any] struct{ patch.Field[T] }

// UnmarshalJSON implements json.Unmarshaler; it is called for null too, and not for an absent key.
func (o *optional[T]) UnmarshalJSON(raw []byte) error {
	o.Set = true
	return json.Unmarshal(raw, &o.Value)
}

// scalar is a string that clients also send as a number or a boolean, such as the value of a variable.
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		*s = ""
	case string:
		*s = scalar(v)
	case json.Number:
		*s = scalar(v.String())
	case bool:
		*s = scalar(strconv.FormatBool(v))
	default:
		return &json.UnmarshalTypeError{Value: jsonKind(raw), Type: reflect.TypeFor[string]()}
	}
	return nil
}

func jsonKind(raw []byte) string {
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		return "array"
	}
	return "object"
}

// stringMap is an object of scalars.
type stringMap map[string]scalar

func (m stringMap) strings() map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for key, value := range m {
		out[key] = string(value)
	}
	return out
}
