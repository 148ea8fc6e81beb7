package rest

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

// maxFilterValues is how many values one filter of a list may have.
const maxFilterValues = 100

// query is the parameters of a request. Unknown ones are ignored, by the contract.
type query struct{ url.Values }

// text returns a parameter's value; what no database can hold is malformed.
func (q query) text(name string) (string, error) {
	value := q.Get(name)
	if !storable(value) {
		return "", malformed("The parameter %s must be UTF-8 text", name)
	}
	return value, nil
}

// list returns the values of a parameter given as `name=`, `name[]=`, or both; blank ones do not count.
func (q query) list(name string) ([]string, error) {
	var values []string
	for _, key := range []string{name, name + "[]"} {
		for _, value := range q.Values[key] {
			if !storable(value) {
				return nil, malformed("The parameter %s must be UTF-8 text", name)
			}
			if value != "" {
				values = append(values, value)
			}
		}
	}
	if len(values) > maxFilterValues {
		return nil, malformed("The parameter %s has more than %d values", name, maxFilterValues)
	}
	return values, nil
}

// keyed returns the values of parameters such as `meta_data[key]=`, by key.
func (q query) keyed(name string) (map[string]string, error) {
	values := map[string]string{}
	for key := range q.Values {
		inner, opened := strings.CutPrefix(key, name+"[")
		inner, closed := strings.CutSuffix(inner, "]")
		if !opened || !closed || inner == "" {
			continue
		}
		if !storable(inner) || !storable(q.Get(key)) {
			return nil, malformed("The parameter %s must be UTF-8 text", name)
		}
		values[inner] = q.Get(key)
	}
	if len(values) > maxFilterValues {
		return nil, malformed("The parameter %s has more than %d keys", name, maxFilterValues)
	}
	return values, nil
}

// bool returns a switch, in the spelling of any language (Python writes True); what is neither true nor false is
// otherwise.
func (q query) bool(name string, otherwise bool) bool {
	if value, err := strconv.ParseBool(q.Get(name)); err == nil {
		return value
	}
	return otherwise
}

// time returns a time, nil when the parameter is not given.
func (q query) time(name string) (*time.Time, error) {
	value := q.Get(name)
	if value == "" {
		return nil, nil
	}
	t, ok := wire.ParseTime(value)
	if !ok {
		return nil, fault.New(fault.Malformed, "The parameter %s must be a time such as 2026-01-31T09:30:00Z", name)
	}
	return &t, nil
}

// sentence joins words for a message.
func sentence(words []string) string { return strings.Join(words, ", ") }
