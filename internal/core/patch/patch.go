// Package patch is updates of parts: an update tells apart what it leaves as it is, what it clears and what it sets.
package patch

// Field is one value of an update. The zero Field leaves it as it is.
type Field[T any] struct {
	Set bool
	// Value is nil to clear.
	Value *T
}

// To sets a value.
func To[T any](v T) Field[T] { return Field[T]{Set: true, Value: &v} }

// Null clears a value.
func Null[T any]() Field[T] { return Field[T]{Set: true} }

// Apply changes a value that may be missing.
func (f Field[T]) Apply(to **T) {
	if f.Set {
		*to = f.Value
	}
}

// ApplyRequired changes a value that is always there: clearing it leaves its zero value.
func (f Field[T]) ApplyRequired(to *T) {
	if !f.Set {
		return
	}
	var v T
	if f.Value != nil {
		v = *f.Value
	}
	*to = v
}
