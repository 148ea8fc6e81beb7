package conditional

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrBlank is returned by Parse for a condition of nothing but white space. What a blank condition means depends on its
// place, so the caller decides: a notification with a blank condition is sent (docs/contract/pipelines.md, section 7.1).
var ErrBlank = errors.New("the condition is blank")

// Error says what is wrong with a condition and where. Its text may be shown to the author of the condition; it holds
// parts of the condition but never the value of a variable.
type Error struct {
	// Line and Column count from 1; a column is a character.
	Line, Column int
	// Message is the text without the position.
	Message string
}

// Error returns the message followed by its position.
func (e *Error) Error() string {
	return fmt.Sprintf("%s (line %d, column %d)", e.Message, e.Line, e.Column)
}

// errorAt makes an Error for the byte offset in src.
func errorAt(src string, offset int, format string, args ...any) *Error {
	before := src[:offset]
	return &Error{
		Line:    1 + strings.Count(before, "\n"),
		Column:  1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]),
		Message: fmt.Sprintf(format, args...),
	}
}
