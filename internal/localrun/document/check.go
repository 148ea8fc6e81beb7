package document

import "github.com/bridle-ci/bridle/internal/core/pipeline"

// Check tells what is wrong with a pipeline file as far as that can be known before an agent has worked on it: variables
// have no values yet, so what is wrong only next to one is left to the upload. Every error is a *Refusal.
func Check(file string, data []byte) error {
	refused := pipeline.Check(data, pipeline.Options{Draft: true})
	if refused == nil {
		return nil
	}
	return &Refusal{File: file, Line: refused.Line, Message: refused.Message}
}
