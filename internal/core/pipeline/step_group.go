package pipeline

// groupStep reads a group and its children. Its `if` and `skip` go into each child; the group itself stays.
func (c *compiler) groupStep(r *reader, step *Step, excluded exclusion) {
	if name := r.text("group"); name != "" {
		step.Label = name
	}
	step.Notify = c.notifications(r, notifyGroup)
	list, err := stepList(r.values)
	r.fail(err)
	if r.err != nil {
		return
	}
	if len(list) == 0 {
		r.fail(refuse("The `steps` property is required for a group"))
		return
	}
	children, err := c.steps(list, &excluded)
	r.fail(err)
	step.Steps = children
	// The children keep their own.
	r.values.Delete("steps")
}
