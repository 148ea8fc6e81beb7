package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

type (
	contractRow = openapi.Row
	contractKey = openapi.Key
)

// contract is what is promised.
func contract() openapi.Contract {
	c, err := openapi.ReadContract()
	if err != nil {
		panic(err)
	}
	return c
}

func contractRows() []contractRow { return contract().Rows }

func contractObjects() map[string][]contractKey { return contract().Objects }

func contractRowOf(id string) (contractRow, bool) { return contract().Row(id) }

// anyToken are the rows whose scopes the contract takes back in its notes: any valid token may call them.
var anyToken = []string{"organizations.rate_limit"}

// TestEveryRowIsServed compares the route table with the contract, both ways.
func TestEveryRowIsServed(t *testing.T) {
	t.Parallel()
	served := map[string]route{}
	groups := map[string]bool{}
	for _, r := range routes {
		if _, twice := served[r.id]; twice {
			t.Errorf("%s is served twice", r.id)
		}
		served[r.id] = r
		row, known := contractRowOf(r.id)
		if !known {
			t.Errorf("%s is no row of the contract", r.id)
			continue
		}
		groups[row.Group] = true
		compareRoute(t, r, row)
	}
	total := 0
	for _, row := range contractRows() {
		if !groups[row.Group] {
			continue
		}
		total++
		if _, isServed := served[row.ID]; !isServed {
			t.Errorf("%s is not served", row.ID)
		}
	}
	t.Logf("%d of %d rows of %d groups are served; the contract has %d rows",
		len(served), total, len(groups), len(contractRows()))
}

func compareRoute(t *testing.T, r route, row contractRow) {
	t.Helper()
	if r.method != row.Method || r.path != row.Path || r.public != (row.Auth == "none") {
		t.Errorf("%s: %s %s public %v, the contract has %s %s auth %s",
			r.id, r.method, r.path, r.public, row.Method, row.Path, row.Auth)
	}
	if diff := cmp.Diff(row.PathSuffixes, r.suffixes); diff != "" {
		t.Errorf("%s: suffixes differ (-contract +route):\n%s", r.id, diff)
	}
	scopes := map[string]bool{}
	for _, action := range r.actions {
		for _, scope := range access.ScopesOf(action) {
			scopes[string(scope)] = true
		}
	}
	want := row.Scopes
	if slices.Contains(anyToken, r.id) {
		want = nil
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(scopes)); !slices.Equal(got, want) {
		t.Errorf("%s: needs scopes %v, the contract has %v", r.id, got, want)
	}
}

// shape checks bodies against the contract's objects, strictly: every key that must be there is, no other is, and values
// are what the contract says they are.
type shape struct {
	base     string
	problems []string
	// excluded are keys that the request has asked to leave out.
	excluded []string
	// seen are the keys that bodies had, as object.key, for the coverage that is printed.
	seen map[string]bool
}

func (s *shape) complain(path, format string, args ...any) {
	s.problems = append(s.problems, path+": "+fmt.Sprintf(format, args...))
}

// response checks the body of a row.
func (s *shape) response(row contractRow, body []byte) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		s.complain(row.ID, "no JSON: %v", err)
		return
	}
	keys, err := row.Shape()
	if err != nil {
		s.complain(row.ID, "the contract's response_keys cannot be read: %v", err)
		return
	}
	if keys.ArrayOf != "" {
		s.array(row.ID, keys.ArrayOf, v)
		return
	}
	object, ok := v.(map[string]any)
	if !ok {
		s.complain(row.ID, "is %T and no object", v)
		return
	}
	if keys.Keys != nil {
		s.inline(row.ID, keys.Keys, object)
		return
	}
	s.object(row.ID, keys.Object, object, row.ResponseExtra...)
	if keys.ItemsOf != "" {
		s.array(row.ID+".items", keys.ItemsOf, object["items"])
	}
}

// inline checks the keys of a body that is no object of the contract. The keys of what is in an array stand beside those
// of the array itself, as `list[].key`.
func (s *shape) inline(path string, keys []contractKey, v map[string]any) {
	var own []contractKey
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
				s.complain(fmt.Sprintf("%s.%s[%d]", path, list, i), "%s is missing", head)
			}
			if nested {
				inner := k
				inner.Key = key
				s.inline(fmt.Sprintf("%s.%s[%d]", path, list, i), []contractKey{inner}, object)
			}
		}
	}
	if len(own) > 0 {
		s.keys(path, path, v, own)
	}
}

func (s *shape) array(path, object string, v any) {
	items, ok := v.([]any)
	if !ok {
		s.complain(path, "is %T and no array", v)
		return
	}
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			s.complain(path, "item %d is %T and no object", i, item)
			continue
		}
		s.object(fmt.Sprintf("%s[%d]", path, i), object, m)
	}
}

func (s *shape) object(path, name string, v map[string]any, extra ...contractKey) {
	keys, known := contractObjects()[name]
	if !known {
		s.complain(path, "the contract has no object %s", name)
		return
	}
	if len(keys) == 1 && keys[0].OneOf != nil {
		kind, _ := v[keys[0].Key].(string)
		s.object(path, keys[0].OneOf[kind], v, extra...)
		return
	}
	s.keys(path, name, v, append(slices.Clone(keys), extra...))
}

// keys checks an object's keys. Dotted keys are those of objects inside.
func (s *shape) keys(path, name string, v map[string]any, keys []contractKey) {
	inside := map[string][]contractKey{}
	expected := map[string]bool{}
	for _, k := range keys {
		head, rest, nested := strings.Cut(k.Key, ".")
		expected[head] = true
		if nested {
			k.Key = rest
			inside[head] = append(inside[head], k)
			continue
		}
		value, present := v[k.Key]
		if !present {
			if k.OnlyWhen == "" && !slices.Contains(s.excluded, k.Key) {
				s.complain(path, "%s is missing", k.Key)
			}
			continue
		}
		s.seen[name+"."+k.Key] = true
		s.value(path+"."+k.Key, k, value)
	}
	for head, keys := range inside {
		m, ok := v[head].(map[string]any)
		if !ok {
			s.complain(path, "%s is %T and no object", head, v[head])
			continue
		}
		s.keys(path+"."+head, name+"."+head, m, keys)
	}
	for key := range v {
		if !expected[key] {
			s.complain(path, "%s is no key of %s", key, name)
		}
	}
}

func (s *shape) value(path string, k contractKey, v any) {
	if k.Type == "any" {
		return
	}
	if v == nil {
		if !k.Nullable {
			s.complain(path, "is null")
		}
		return
	}
	switch v := v.(type) {
	case string:
		if k.Type != "string" {
			s.complain(path, "is a string and no %s", k.Type)
		}
		s.text(path, k, v)
	case float64:
		if k.Type != "integer" || v != float64(int64(v)) {
			s.complain(path, "is the number %v and no %s", v, k.Type)
		}
	case bool:
		if k.Type != "boolean" {
			s.complain(path, "is a boolean and no %s", k.Type)
		}
	case []any:
		s.items(path, k, v)
	case map[string]any:
		switch {
		case k.Type != "object" && k.Type != "map":
			s.complain(path, "is an object and no %s", k.Type)
		case k.Ref != "" && k.Ref != "provider_settings": // settings are free, each host has its own
			s.object(path, k.Ref, v)
		}
	}
}

func (s *shape) items(path string, k contractKey, items []any) {
	if k.Type != "array" {
		s.complain(path, "is an array and no %s", k.Type)
		return
	}
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", path, i)
		m, isObject := item.(map[string]any)
		switch {
		case k.Ref == "pipeline_step" && isObject:
			s.step(at, m)
		case k.Ref != "" && isObject:
			s.object(at, k.Ref, m)
		case k.Items == "any": // each list says itself of what
		case k.Ref != "" || isObject:
			s.complain(at, "is %T", item)
		default:
			s.value(at, contractKey{Type: k.Items}, item)
		}
	}
}

// step checks a pipeline's step: a key that belongs to some kinds of steps is there exactly with these.
func (s *shape) step(path string, v map[string]any) {
	kind, _ := v["type"].(string)
	var keys []contractKey
	for _, k := range contractObjects()["pipeline_step"] {
		if k.OnlyWhen == "" || strings.Contains(k.OnlyWhen, kind) {
			if k.Key != "plugins" {
				k.OnlyWhen = ""
			}
			keys = append(keys, k)
		}
	}
	s.keys(path, "pipeline_step", v, keys)
}

func (s *shape) text(path string, k contractKey, v string) {
	if len(k.Enum) > 0 && !slices.Contains(k.Enum, v) {
		s.complain(path, "%q is none of %v", v, k.Enum)
	}
	switch k.Format {
	case "uuid":
		if _, ok := ids.ParseUUID(v); !ok {
			s.complain(path, "%q is no UUID", v)
		}
	case "graphql-id":
		if _, _, ok := ids.ParseGlobal(v); !ok {
			s.complain(path, "%q is no GraphQL id", v)
		}
	case "rfc3339":
		_, exact := time.Parse(wire.TimeLayout, v)
		if _, whole := time.Parse(time.RFC3339, v); exact != nil && (whole != nil || !strings.HasSuffix(path, "reset_at")) {
			s.complain(path, "%q is no time as the contract writes it", v)
		}
	case "url":
		if v != "" && !strings.HasPrefix(v, s.base+"/") {
			s.complain(path, "%q does not begin with the external base", v)
		}
	}
}
