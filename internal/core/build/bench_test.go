package build_test

import (
	"fmt"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/build/buildtest"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// wide is a build of n jobs and a deploy behind a wait.
func wide(b *testing.B, n int) *buildtest.World {
	b.Helper()
	var plan pipeline.Plan
	command := func() pipeline.Step {
		return pipeline.Step{Kind: pipeline.KindCommand, Command: &pipeline.Command{Jobs: []pipeline.JobSpec{{}}}}
	}
	for range n {
		plan.Steps = append(plan.Steps, command())
	}
	plan.Steps = append(plan.Steps, pipeline.Step{Kind: pipeline.KindWait, Wait: &pipeline.Wait{}}, command())
	w := buildtest.New()
	w.Limits.JobsPerBuild = 2 * n
	apply(b, w, build.Created{Plan: plan})
	return w
}

// BenchmarkFinishLast measures the end of the last job before a wait in a small and a large build: the two should be
// the same, and ask for as many parts of the build. Run it with GOGC=off, since the builds are kept in memory here, and
// marking the large one is no part of the rules.
func BenchmarkFinishLast(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := wide(b, n)
			jobs := w.Latest()
			for _, j := range jobs[:n-1] {
				apply(b, w, build.Finished{JobID: j.ID})
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Try(build.Finished{JobID: jobs[n-1].ID}); err != nil {
					b.Fatal(err)
				}
			}
			apply(b, w, build.Finished{JobID: jobs[n-1].ID})
			b.ReportMetric(float64(w.Loaded), "parts/op")
		})
	}
}

// BenchmarkCreate measures the creation of builds, per job.
func BenchmarkCreate(b *testing.B) {
	for _, n := range []int{100, 4_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				wide(b, n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/job")
		})
	}
}
