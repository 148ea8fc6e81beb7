package contracttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
)

// Checker collects what is wrong with answers, and which keys of the contract's objects they had. It is for one goroutine
// at a time.
type Checker struct {
	// Base is the external address that urls must be below.
	Base string
	// Problems are sentences about what is not as the contract says.
	Problems []string
	// Seen are the keys that bodies had a value for, as object.key.
	Seen map[string]bool

	contract openapi.Contract
	// dropped are the keys that the request at hand has asked to leave out.
	dropped []string
}

// New returns a checker of answers that link to addresses below base.
func New(base string) (*Checker, error) {
	contract, err := openapi.ReadContract()
	if err != nil {
		return nil, err
	}
	return &Checker{Base: base, Seen: map[string]bool{}, contract: contract}, nil
}

// Answer is what a row was answered with. Its body has been read and is not compressed.
type Answer struct {
	Row    openapi.Row
	Query  url.Values
	Status int
	Header http.Header
	Body   []byte
}

// Check compares an answer with its row.
func (c *Checker) Check(a Answer) {
	switch {
	case a.Status >= http.StatusBadRequest:
		c.failure(a)
	case c.isVariant(a):
		return
	case a.Status != a.Row.SuccessStatus:
		c.complain(a.Row.ID, "has the status %d and not %d", a.Status, a.Row.SuccessStatus)
	case a.Row.Method == http.MethodHead || a.Row.ResponseShape == "none":
		if len(a.Body) > 0 {
			c.complain(a.Row.ID, "has the body %s", a.Body)
		}
	case a.Row.ResponseShape != "text":
		c.dropped = nil
		for name := range a.Query {
			if key, ok := strings.CutPrefix(name, "exclude_"); ok && a.Query.Get(name) == "true" {
				c.dropped = append(c.dropped, key)
			}
		}
		c.response(a.Row, a.Body)
	}
}

// isVariant reports whether an answer is another form of the row's, which is text.
func (c *Checker) isVariant(a Answer) bool {
	mediaType, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	return slices.ContainsFunc(a.Row.Variants, func(v openapi.Variant) bool {
		status := v.Status
		if status == 0 {
			status = a.Row.SuccessStatus
		}
		return v.ContentType != "application/json" && v.ContentType == mediaType && status == a.Status
	})
}

// failure checks an answer that says what cannot be done.
func (c *Checker) failure(a Answer) {
	if a.Status >= http.StatusInternalServerError && a.Status != http.StatusServiceUnavailable {
		c.complain(a.Row.ID, "is the server's fault: %d %s", a.Status, a.Body)
		return
	}
	if a.Row.Method == http.MethodHead {
		return
	}
	var v map[string]any
	if err := json.Unmarshal(a.Body, &v); err != nil {
		c.complain(a.Row.ID, "is %d without a JSON object: %s", a.Status, a.Body)
		return
	}
	object := "error"
	if a.Status == http.StatusTooManyRequests {
		object = "rate_limit_error"
	}
	c.object(a.Row.ID, object, v)
	if v["message"] == "" {
		c.complain(a.Row.ID, "is %d without a message", a.Status)
	}
}

func (c *Checker) complain(path, format string, args ...any) {
	c.Problems = append(c.Problems, path+": "+fmt.Sprintf(format, args...))
}

// response checks the body of a success.
func (c *Checker) response(row openapi.Row, body []byte) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		c.complain(row.ID, "no JSON: %v", err)
		return
	}
	shape, err := row.Shape()
	if err != nil {
		c.complain(row.ID, "the contract's response_keys cannot be read: %v", err)
		return
	}
	if shape.ArrayOf != "" {
		c.array(row.ID, shape.ArrayOf, v)
		return
	}
	object, ok := v.(map[string]any)
	if !ok {
		c.complain(row.ID, "is %T and no object", v)
		return
	}
	if shape.Keys != nil {
		c.inline(row.ID, shape.Keys, object)
		return
	}
	c.object(row.ID, shape.Object, object, row.ResponseExtra...)
	if shape.ItemsOf != "" {
		c.array(row.ID+".items", shape.ItemsOf, object["items"])
	}
}

// inline checks the keys of a body that is no object of the contract. The keys of what is in an array stand beside those
// of the array itself, as `list[].key`.
func (c *Checker) inline(path string, keys []openapi.Key, v map[string]any) {
	var own []openapi.Key
	for _, k := range keys {
		list, key, ofItems := strings.Cut(k.Key, "[].")
		if !ofItems {
			own = append(own, k)
			continue
		}
		if strings.Contains(list, "[]") || strings.Contains(list, ".") {
			continue // looked at with the items of the outer list
		}
		items, _ := v[list].([]any)
		for i, item := range items {
			object, _ := item.(map[string]any)
			head, _, nested := strings.Cut(key, "[].")
			if _, there := object[head]; !there {
				c.complain(fmt.Sprintf("%s.%s[%d]", path, list, i), "%s is missing", head)
			}
			if nested {
				inner := k
				inner.Key = key
				c.inline(fmt.Sprintf("%s.%s[%d]", path, list, i), []openapi.Key{inner}, object)
			}
		}
	}
	if len(own) > 0 {
		c.keys(path, path, v, own)
	}
}
