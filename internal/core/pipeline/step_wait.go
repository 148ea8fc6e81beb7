package pipeline

// waitStep reads a wait step; its value is its label.
func waitStep(r *reader, step *Step) {
	if label := r.text("wait"); label != "" {
		step.Label = label
	}
	step.Wait = &Wait{ContinueOnFailure: r.boolean("continue_on_failure", false)}
}
