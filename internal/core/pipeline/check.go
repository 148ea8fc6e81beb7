package pipeline

import "errors"

// Check reports what is wrong with a document as one *Error, nil when it compiles. It is for telling an author early,
// before there is a build.
func Check(doc []byte, o Options) *Error {
	d, err := Parse(doc)
	if err == nil {
		_, err = d.Compile(o)
	}
	if err == nil {
		return nil
	}
	var refusal *Error
	if !errors.As(err, &refusal) {
		refusal = refuse("%s", err)
	}
	return refusal
}
