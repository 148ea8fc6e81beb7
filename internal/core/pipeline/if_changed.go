package pipeline

import "github.com/buildkite/go-pipeline/ordered"

// checkIfChanged says what is wrong with an `if_changed`, which agents apply and remove before a server sees it
// (docs/contract/pipelines.md, section 15.1): only a draft of a file may have it.
func checkIfChanged(v any, o Options) error {
	switch {
	case v == nil:
		return nil
	case o.Stored:
		return refuse("`if_changed` is applied by the agent during `pipeline upload` and has no meaning in a pipeline's stored steps: move the step into a file that a job uploads, or remove `if_changed`")
	case !o.Draft:
		return refuse("`if_changed` was not applied before the upload: upload with an agent that applies it, or remove `if_changed`")
	}
	m, ok := v.(*ordered.MapSA)
	if !ok {
		_, err := textList("if_changed", v)
		return err
	}
	r := &reader{values: m}
	r.only("`if_changed`", "include", "exclude")
	if r.value("include") == nil {
		r.fail(refuse("`if_changed` must have patterns to `include`"))
	}
	r.texts("include")
	r.texts("exclude")
	return r.err
}
