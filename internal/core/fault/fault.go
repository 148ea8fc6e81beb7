// Package fault is the kinds of error a use case returns. Faces have one table from kind to their wire; whatever has no
// kind is internal: logged in full and shown as one sentence.
package fault

import (
	"errors"
	"fmt"
)

// Kind classifies an error for whoever has to answer with it.
type Kind string

// The kinds.
const (
	Invalid         Kind = "invalid"         // the request says something it may not
	Malformed       Kind = "malformed"       // the request cannot be read, or asks for what its target cannot do
	Unauthenticated Kind = "unauthenticated" // nobody known asks
	Forbidden       Kind = "forbidden"       // somebody known asks, who may not
	NotFound        Kind = "not_found"       // there is no such thing, or it may not be seen
	Gone            Kind = "gone"            // this could be done once, and is done another way now
	Conflict        Kind = "conflict"        // the thing is in a state in which this cannot be
	Locked          Kind = "locked"          // not yet: what it waits for has not happened
	TooLarge        Kind = "too_large"       // a size limit
	Limited         Kind = "limited"         // too many requests
	Unavailable     Kind = "unavailable"     // try again later
	NotConfigured   Kind = "not_configured"  // this installation has not set it up
)

// Error is an error with a kind. Message is for people: the wire's own text where the contract gives one.
type Error struct {
	Kind    Kind
	Message string
	Fields  []Field
	Err     error
}

// Field is one invalid field; Code is a word or a sentence.
type Field struct {
	Field string `json:"field"`
	Code  string `json:"code"`
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a kind.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of a kind that keeps its cause for the log.
func Wrap(kind Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: err}
}

// Missing is the contract's not-found text: `No build found`.
func Missing(noun string) *Error { return New(NotFound, "No %s found", noun) }

// InvalidFields is the contract's "Validation Failed" with its list of fields.
func InvalidFields(fields ...Field) *Error {
	return &Error{Kind: Invalid, Message: "Validation Failed", Fields: fields}
}

// Reason is the contract's "Validation failed: …" sentence.
func Reason(format string, args ...any) *Error {
	return New(Invalid, "Validation failed: "+format, args...)
}

// KindOf returns the kind of the first Error in err's chain, and "" when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// Is reports whether err is of a kind.
func Is(err error, kind Kind) bool { return KindOf(err) == kind }
