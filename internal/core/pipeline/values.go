package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/buildkite/go-pipeline/ordered"
)

// reader reads the attributes of one mapping and keeps the first refusal, so that a step is read as a plain list of
// its attributes and checked once.
type reader struct {
	values *ordered.MapSA
	err    error
	// draft lets values pass that have a variable in them.
	draft bool
}

// fail records a refusal at a path below the mapping.
func (r *reader) fail(err error, path ...any) {
	if r.err != nil || err == nil {
		return
	}
	err = within(err, path...)
	var refusal *Error
	if r.draft && errors.As(err, &refusal) && len(refusal.path) > 0 && holdsVariable(r.values, refusal.path) {
		return
	}
	r.err = err
}

func (r *reader) value(name string) any {
	v, _ := r.values.Get(name)
	return v
}

// text reads a string; other scalars are taken as they print, null and absence as "".
func (r *reader) text(name string) string {
	v := r.value(name)
	s, ok := scalarText(v)
	if !ok {
		r.fail(refuse("`%s` must be a string, but it is %s", name, noun(v)), name)
	}
	return s
}

// plainText reads like text and writes the string back, for attributes that the agent takes as strings.
func (r *reader) plainText(name string) string {
	s := r.text(name)
	if r.value(name) != nil {
		r.values.Set(name, s)
	}
	return s
}

// boolean reads true or false, also written as strings.
func (r *reader) boolean(name string, fallback bool) bool {
	v := r.value(name)
	if v == nil {
		return fallback
	}
	b, ok := boolOf(v)
	if !ok {
		r.fail(refuse("`%s` must be true or false, but it is %s", name, noun(v)), name)
		return fallback
	}
	return b
}

// integer reads a whole number of at least low; a string of digits is one, since variables expand to strings.
func (r *reader) integer(name string, low, fallback int) int {
	v := r.value(name)
	if v == nil {
		return fallback
	}
	n, ok := intOf(v)
	switch {
	case !ok:
		r.fail(refuse("`%s` must be a whole number, but it is %s", name, noun(v)), name)
		return fallback
	case n < low:
		r.fail(refuse("`%s` must be at least %d, but it is %d", name, low, n), name)
	}
	return n
}

// texts reads a string or a list of strings.
func (r *reader) texts(name string) []string {
	list, err := textList(name, r.value(name))
	r.fail(err, name)
	return list
}

// environment reads a mapping of names to scalars, null being "".
func (r *reader) environment(name string) map[string]string {
	m := r.mapping(name)
	if m == nil {
		return nil
	}
	env := make(map[string]string, m.Len())
	for k, v := range m.All {
		s, ok := scalarText(v)
		if !ok {
			r.fail(refuse("`%s` must map names to plain values, but `%s` is %s", name, clip(k), noun(v)), name, k)
		}
		env[k] = s
	}
	return env
}

// mapping reads a mapping, nil when absent or null.
func (r *reader) mapping(name string) *ordered.MapSA {
	v := r.value(name)
	m, ok := v.(*ordered.MapSA)
	if !ok && v != nil {
		r.fail(refuse("`%s` must be a mapping, but it is %s", name, noun(v)), name)
	}
	return m
}

// list reads a list, nil when absent or null.
func (r *reader) list(name string) []any {
	v := r.value(name)
	l, ok := v.([]any)
	if !ok && v != nil {
		r.fail(refuse("`%s` must be a list, but it is %s", name, noun(v)), name)
	}
	return l
}

// noBlankName refuses a blank name: the agent's reader takes it for any of the names it knows.
func (r *reader) noBlankName() {
	if r.values.Contains("") {
		r.fail(refuse("A name can't be blank"))
	}
}

// only refuses every attribute that is not in known; owner names the mapping in the message.
func (r *reader) only(owner string, known ...string) {
	for name := range r.values.All {
		if !slices.Contains(known, name) {
			r.fail(invalidProperty(name, owner, known), name)
			return
		}
	}
}

// textList accepts null, a scalar or a list of scalars.
func textList(name string, v any) ([]string, error) {
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		s, ok := scalarText(v)
		if !ok {
			return nil, refuse("`%s` must be a string or a list of strings, but it is %s", name, noun(v))
		}
		return []string{s}, nil
	}
	texts := make([]string, len(list))
	for i, item := range list {
		s, ok := scalarText(item)
		if !ok {
			return nil, within(refuse("`%s` must be a string or a list of strings, but it has %s in it", name, noun(item)), i)
		}
		texts[i] = s
	}
	return texts, nil
}

// scalarText renders a scalar; null is "".
func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool, int, int64, uint64, float64, json.Number:
		return fmt.Sprint(v), true
	}
	return "", false
}

func boolOf(v any) (value, ok bool) {
	switch v {
	case true, "true":
		return true, true
	case false, "false":
		return false, true
	}
	return false, false
}

func intOf(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) <= math.MaxInt32 {
			return int(v), true
		}
	case string:
		n, err := strconv.Atoi(strings.TrimSpace(v))
		return n, err == nil
	}
	return 0, false
}

// noun names the type of a value in messages.
func noun(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the string %q", clip(v))
	case bool:
		return fmt.Sprint(v)
	case *ordered.MapSA, map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	}
	return fmt.Sprintf("the number %v", v)
}

// clip shortens a user's text for a message.
func clip(s string) string {
	const most = 100
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
