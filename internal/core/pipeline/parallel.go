package pipeline

import (
	"strconv"
	"strings"
)

// parallel multiplies a job by the step's `parallelism` (docs/contract/pipelines.md, section 9.3).
func (c *compiler) parallel(r *reader, step *Step, job JobSpec) []JobSpec {
	if r.value("parallelism") == nil {
		return []JobSpec{job}
	}
	total := r.integer("parallelism", 0, 1)
	switch {
	case r.err != nil:
		return nil
	case total > c.limits.Jobs:
		r.fail(c.tooManyJobs(), "parallelism")
		return nil
	case total == 0:
		exclusion{broken: true, reason: BrokenParallelism}.mark(step)
		return nil
	}
	jobs := make([]JobSpec, total)
	for i := range jobs {
		jobs[i] = job
		jobs[i].Label = parallelLabel(job.Label, i, total)
		jobs[i].ParallelIndex, jobs[i].ParallelTotal = &i, &total
	}
	return jobs
}

// parallelLabel replaces the tokens of a label (docs/contract/pipelines.md, section 2.2). `%T`, the present total, is
// the total at creation: Bridle does not change it later.
func parallelLabel(label string, index, total int) string {
	return strings.NewReplacer(
		"%n", strconv.Itoa(index),
		"%N", strconv.Itoa(index+1),
		"%t", strconv.Itoa(total),
		"%T", strconv.Itoa(total),
	).Replace(label)
}
