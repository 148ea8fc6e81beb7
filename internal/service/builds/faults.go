package builds

import (
	"errors"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store"
)

// refusalKinds tells of each refusal of the rules how it is answered.
var refusalKinds = map[build.Code]fault.Kind{
	build.Conflict:     fault.Conflict,
	build.Invalid:      fault.Invalid,
	build.NotRetryable: fault.Malformed,
	build.RetriedOnce:  fault.Malformed,
	build.OfCanceled:   fault.Invalid,
}

// asFault gives refusals of the rules and of the compiler their kind; other errors stay as they are.
func asFault(err error) error {
	var refusal *build.Refusal
	if errors.As(err, &refusal) {
		return fault.New(refusalKinds[refusal.Code], "%s", refusal.Message)
	}
	var invalid *pipeline.Error
	if errors.As(err, &invalid) {
		return fault.New(fault.Invalid, "%s", invalid.Message)
	}
	return err
}

// missing turns a row that is not there into the contract's text.
func missing(err error, noun string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.Missing(noun)
	}
	return err
}
