package pipeline

import "slices"

// unsupportedAttribute is part of the contract and not yet of Bridle: it is refused rather than ignored, since a
// pipeline that relies on it would do something else than its author means.
type unsupportedAttribute struct {
	name  string
	kinds []Kind
	// top says that the document itself may carry it.
	top bool
	// reason is the sentence after `X` is not supported yet.
	reason string
}

var unsupportedAttributes = []unsupportedAttribute{
	{name: "concurrency", kinds: command, reason: "Bridle cannot limit how many jobs run at once, so they would all run; remove it"},
	{name: "concurrency_group", kinds: command, reason: "Bridle cannot limit how many jobs run at once, so they would all run; remove it"},
	{name: "concurrency_method", kinds: command, reason: "Bridle cannot limit how many jobs run at once, so they would all run; remove it"},
	{name: "notify", kinds: []Kind{KindCommand, KindGroup}, top: true, reason: "Bridle cannot send notifications of a pipeline, so nobody would hear of the build; remove it"},
}

// unsupported returns the refusal of name on a step of a kind, nil when it is no such attribute.
func unsupported(kind Kind, name string) *Error {
	for _, u := range unsupportedAttributes {
		if u.name == name && slices.Contains(u.kinds, kind) {
			return u.refusal()
		}
	}
	return nil
}

func (u unsupportedAttribute) refusal() *Error {
	return refuse("`%s` is not supported yet: %s", u.name, u.reason)
}

// ifChanged is the refusal of `if_changed`, which agents apply and remove (docs/contract/pipelines.md, section 15.1).
func ifChanged(stored bool) *Error {
	if stored {
		return refuse("`if_changed` is applied by the agent during `pipeline upload` and has no meaning in a pipeline's stored steps: move the step into a file that a job uploads, or remove `if_changed`")
	}
	return refuse("`if_changed` was not applied before the upload: upload with an agent that applies it, or remove `if_changed`")
}
