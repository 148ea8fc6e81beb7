package rest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
)

type sampleBody struct {
	Name    string           `json:"name"`
	Count   *int             `json:"count"`
	Env     stringMap        `json:"env"`
	Tags    []string         `json:"tags"`
	Note    optional[string] `json:"note"`
	Enabled bool             `json:"enabled"`
	Author  struct {
		Email string `json:"email"`
	} `json:"author"`
}

func readBody(t testing.TB, text string, limit int64) (sampleBody, error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text))
	c := &call{api: &API{Config: Config{MaxBody: limit}}, w: httptest.NewRecorder(), r: r}
	var v sampleBody
	err := c.body(&v)
	return v, err
}

func TestBody(t *testing.T) {
	t.Parallel()
	one := 1
	tests := map[string]struct {
		body string
		want sampleBody
	}{
		"empty":                    {"", sampleBody{}},
		"blank":                    {" \n", sampleBody{}},
		"no keys":                  {"{}", sampleBody{}},
		"unknown keys":             {`{"other": [1]}`, sampleBody{}},
		"values":                   {`{"name": "a", "count": 1, "tags": ["x"]}`, sampleBody{Name: "a", Count: &one, Tags: []string{"x"}}},
		"scalars are text":         {`{"env": {"A": 1.50, "B": true, "C": null, "D": "d"}}`, sampleBody{Env: stringMap{"A": "1.50", "B": "true", "C": "", "D": "d"}}},
		"absent":                   {`{}`, sampleBody{}},
		"null":                     {`{"note": null}`, sampleBody{Note: optional[string]{patch.Null[string]()}}},
		"value":                    {`{"note": "n"}`, sampleBody{Note: optional[string]{patch.To("n")}}},
		"an escaped escape":        {`{"name": "\\u0000"}`, sampleBody{Name: `\u0000`}},
		"an escaped escape, twice": {`{"name": "\\\\u0000"}`, sampleBody{Name: `\\u0000`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readBody(t, tt.body, 1<<10)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("body differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBodyErrors(t *testing.T) {
	t.Parallel()
	field := func(name, code string) *fault.Error { return fault.InvalidFields(fault.Field{Field: name, Code: code}) }
	tests := map[string]struct {
		body string
		want *fault.Error
	}{
		"not JSON":            {`{"name"`, fault.New(fault.Malformed, "The request body is not valid JSON: unexpected end of JSON input at byte 7")},
		"an array":            {`[]`, fault.New(fault.Malformed, "The request body must be a JSON object")},
		"a form":              {`name=a`, fault.New(fault.Malformed, "The request body must be a JSON object")},
		"NUL":                 {`{"name": "a\u0000"}`, fault.New(fault.Malformed, `The request body holds the character \u0000, which cannot be stored`)},
		"NUL after an escape": {`{"name": "\\\u0000"}`, fault.New(fault.Malformed, `The request body holds the character \u0000, which cannot be stored`)},
		"too large":           {`{"name": "` + strings.Repeat("a", 100) + `"}`, fault.New(fault.TooLarge, "The request body is larger than 64 bytes")},
		"string expected":     {`{"name": 1}`, field("name", "must be a string and not a number")},
		"number expected":     {`{"count": "1"}`, field("count", "must be an integer and not a string")},
		"no integer":          {`{"count": 1.5}`, field("count", "must be an integer and not the number 1.5")},
		"object expected":     {`{"env": "A=1"}`, field("env", "must be an object and not a string")},
		"scalar expected":     {`{"env": {"A": [1]}}`, field("env", "must be a string and not an array")},
		"array expected":      {`{"tags": {}}`, field("tags", "must be an array and not an object")},
		"switch expected":     {`{"enabled": "yes"}`, field("enabled", "must be true or false and not a string")},
		"nested":              {`{"author": {"email": true}}`, field("author.email", "must be a string and not true or false")},
		"optional":            {`{"note": 1}`, field("note", "must be a string and not a number")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readBody(t, tt.body, 64)
			if diff := cmp.Diff(error(tt.want), err); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompressedBody(t *testing.T) {
	t.Parallel()
	zip := func(text string) string {
		var b strings.Builder
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	const limit = 1 << 10
	for name, tt := range map[string]struct {
		encoding, body, want string
	}{
		"gzip":           {"gzip", zip(`{"name": "a"}`), ""},
		"in capitals":    {"GZIP", zip(`{"name": "a"}`), ""},
		"plain":          {"identity", `{"name": "a"}`, ""},
		"not compressed": {"gzip", `{"name": "a"}`, "The request body is said to be compressed with gzip, and is not"},
		"broken off":     {"gzip", zip(`{"name": "a"}`)[:20], "The request body could not be read"},
		"swelling":       {"gzip", zip(`{"name": "` + strings.Repeat("a", limit) + `"}`), "The request body is larger than 1024 bytes"},
		"another way":    {"br", `x`, `The request body is encoded with "br": send it plain, or compressed with gzip`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
			r.Header.Set("Content-Encoding", tt.encoding)
			c := &call{api: &API{Config: Config{MaxBody: limit}}, w: httptest.NewRecorder(), r: r}
			var v sampleBody
			got := ""
			if err := c.body(&v); err != nil {
				got = err.Error()
			}
			if got != tt.want || (got == "" && v.Name != "a") {
				t.Errorf("name %q, error %q, want %q", v.Name, got, tt.want)
			}
		})
	}
}

// FuzzBody proves that every body is read or refused with a fault, and that nothing read holds a NUL.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"name":"\u0000"}`, `{"name":"\\u0000"}`, `{"env":{"A":[]}}`, `[`, `{"note":{}}`, `{"count":1e400}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readBody(t, text, 1<<16)
		if err != nil && fault.KindOf(err) == "" {
			t.Fatalf("an error without a kind: %v", err)
		}
		if raw, _ := json.Marshal(got.Name); err == nil && strings.Contains(got.Name, "\x00") {
			t.Fatalf("a NUL was read: %s", raw)
		}
	})
}
