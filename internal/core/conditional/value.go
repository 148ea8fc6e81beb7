package conditional

import "slices"

// kind is the type of a value.
type kind int

const (
	kindNull kind = iota
	kindString
	kindInt
	kindBool
	kindArray
)

// String names the kind in messages.
func (k kind) String() string {
	return [...]string{"null", "a string", "a number", "a boolean", "an array"}[k]
}

// Value is what a variable holds: null, a string, an integer, a boolean or an array of strings. The zero Value is null.
type Value struct {
	kind   kind
	text   string
	number int
	truth  bool
	list   []string
}

// Null is the value of a variable that has none, such as `build.pull_request.id` outside a pull request.
func Null() Value { return Value{} }

// String is a string value. The empty string is not null.
func String(s string) Value { return Value{kind: kindString, text: s} }

// Int is an integer value.
func Int(i int) Value { return Value{kind: kindInt, number: i} }

// Bool is a boolean value.
func Bool(b bool) Value { return Value{kind: kindBool, truth: b} }

// Strings is an array value with a copy of ss. An array without elements, nil included, is not null.
func Strings(ss []string) Value { return Value{kind: kindArray, list: slices.Clone(ss)} }

// isTrue reports whether v is true. Null counts as false (docs/contract/pipelines.md, section 7.2).
func (v Value) isTrue() bool { return v.kind == kindBool && v.truth }

// equal reports whether two values are the same. Values of different kinds are not.
func (v Value) equal(other Value) bool {
	return v.kind == other.kind && v.text == other.text && v.number == other.number && v.truth == other.truth &&
		slices.Equal(v.list, other.list)
}
