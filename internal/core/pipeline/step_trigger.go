package pipeline

import "strings"

// triggerStep reads a trigger step (docs/contract/pipelines.md, section 2.6).
func (c *compiler) triggerStep(r *reader, step *Step) {
	t := &Trigger{
		Pipeline: strings.TrimSpace(r.text("trigger")),
		Async:    r.boolean("async", false),
		SoftFail: c.softFail(r),
	}
	if t.Pipeline == "" {
		r.fail(refuse("`trigger` must name the pipeline to build by its slug"), "trigger")
	}
	if build := r.mapping("build"); build != nil {
		b := &reader{values: build}
		b.only("the `build` of a `trigger` step", "branch", "commit", "message", "env", "meta_data")
		t.Build = TriggeredBuild{
			Branch:   b.text("branch"),
			Commit:   b.text("commit"),
			Message:  b.text("message"),
			Env:      b.environment("env"),
			MetaData: b.environment("meta_data"),
		}
		r.fail(b.err, "build")
	}
	t.Jobs = c.parallel(r, step, JobSpec{Label: step.Label, SoftFail: t.SoftFail})
	step.Trigger = t
}
