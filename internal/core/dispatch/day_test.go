package dispatch_test

import (
	"fmt"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/dispatch"
)

// TestADayOfDispatch plays a day of fifty queues with tens of thousands of jobs, and judges every start.
func TestADayOfDispatch(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := newSimulation(seed, 50)
			r := &referee{t: t, day: s, started: map[string]bool{}}
			s.judge = r
			s.run()
			for i, q := range s.queues {
				if q.runnable.Len() > 0 {
					t.Errorf("%d jobs of queue %d were never started", q.runnable.Len(), i)
				}
			}
			if len(r.started) < 10_000 || s.started != len(r.started) {
				t.Errorf("%d starts of %d jobs: too quiet a day, or jobs that ran twice", s.started, len(r.started))
			}
			if r.overtaken == 0 || r.waited == 0 {
				t.Errorf("%d jobs were overtaken by priority and %d waited: the day decides nothing", r.overtaken, r.waited)
			}
		})
	}
}

// referee checks that every job runs once and on an agent that matches and is idle, that no job is passed over for one
// behind it, and that none waits while an agent could run it.
type referee struct {
	t       *testing.T
	day     *simulation
	started map[string]bool
	// overtaken counts starts of jobs in front of older ones, waited those of jobs that had to wait for an agent.
	overtaken, waited int
}

func (r *referee) starts(q *lane, job dispatch.Job, agent dispatch.Agent) {
	if r.started[job.ID] {
		r.t.Fatalf("job %s runs twice", job.ID)
	}
	r.started[job.ID] = true
	if _, idle := q.idle[agent.ID]; !idle {
		r.t.Fatalf("agent %s has a job and gets %s", agent.ID, job.ID)
	}
	if !dispatch.Matches(job.Rules, agent.Tags) {
		r.t.Fatalf("agent %s with %v gets job %s with %v", agent.ID, agent.Tags, job.ID, job.Rules)
	}
	older := false
	for _, other := range q.runnable.Jobs() {
		if dispatch.Compare(other, job) >= 0 {
			older = older || other.ScheduledAt < job.ScheduledAt
			continue
		}
		// What comes first and matches may only be passed over by who ran its earlier attempt.
		if dispatch.Matches(other.Rules, agent.Tags) && other.AvoidAgentID != agent.ID {
			r.t.Fatalf("agent %s gets job %+v before %+v", agent.ID, job, other)
		}
	}
	if older {
		r.overtaken++
	}
	if r.day.now.Microseconds() > job.ScheduledAt {
		r.waited++
	}
}

func (r *referee) settled(q *lane) {
	for _, agent := range q.idle {
		if job, ok := q.runnable.First(agent); ok {
			r.t.Fatalf("job %s waits although agent %s could run it", job.ID, agent.ID)
		}
	}
}

// BenchmarkDay plays a day of dispatch over fifty queues.
func BenchmarkDay(b *testing.B) {
	var started int
	b.ReportAllocs()
	for b.Loop() {
		s := newSimulation(1, 50)
		s.run()
		started += s.started
	}
	b.ReportMetric(float64(started)/float64(b.N), "jobs/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(started), "ns/job")
}
