package dispatch_test

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/bridle-ci/bridle/internal/core/dispatch"
)

// simulation is a day of builds that come into many queues, in virtual time: nothing waits and nothing is random but
// the seed.
type simulation struct {
	random *rand.Rand
	queues []*lane
	// now is the time since the day began; happenings are what is to come.
	now        time.Duration
	happenings happenings
	born       int
	started    int
	// judge, when set, is asked about each start before it happens, and about a queue after each happening.
	judge judge
}

type judge interface {
	starts(q *lane, job dispatch.Job, agent dispatch.Agent)
	settled(q *lane)
}

// lane is one queue with its agents.
type lane struct {
	runnable *dispatch.List
	idle     map[string]dispatch.Agent
	// pace is how long it is between two builds on average.
	pace time.Duration
}

// happening is a build that comes, or a job that ends.
type happening struct {
	at    time.Duration
	order int
	queue *lane
	job   dispatch.Job
	agent dispatch.Agent // empty for a build that comes
}

// happenings is a heap by time.
type happenings []happening

func (h happenings) Len() int { return len(h) }
func (h happenings) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].order, h[j].order)) < 0
}
func (h happenings) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *happenings) Push(x any)   { *h = append(*h, x.(happening)) }
func (h *happenings) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

const dayLength = 24 * time.Hour

// newSimulation makes queues of several agents each. The first agent of a queue has every tag, so that no job waits for
// one that does not exist.
func newSimulation(seed uint64, queues int) *simulation {
	s := &simulation{random: rand.New(rand.NewPCG(seed, 1))}
	for q := range queues {
		l := &lane{runnable: dispatch.NewList(nil), idle: map[string]dispatch.Agent{}}
		agents := 4 + s.random.IntN(12)
		for a := range agents {
			agent := dispatch.Agent{ID: fmt.Sprintf("%02d-%02d", q, a), Tags: []string{"os=linux"}}
			switch {
			case a == 0:
				agent.Tags = []string{"os=linux", "os=mac", "gpu=2"}
			case s.random.IntN(4) == 0:
				agent.Tags = []string{"os=mac"}
			}
			if priority := s.random.Int64N(5); priority > 0 {
				agent.Priority = &priority
			}
			l.idle[agent.ID] = agent
		}
		// A build has 10 jobs of 5 minutes on average: this keeps agents busy for six tenths of the day.
		l.pace = time.Duration(float64(50*time.Minute) / (0.6 * float64(agents)))
		s.queues = append(s.queues, l)
		s.happen(happening{at: s.pause(l.pace), queue: l})
	}
	return s
}

// pause is a span that is exponentially distributed, as between independent arrivals.
func (s *simulation) pause(mean time.Duration) time.Duration {
	return time.Duration(s.random.ExpFloat64() * float64(mean))
}

func (s *simulation) happen(h happening) {
	s.born++
	h.order = s.born
	heap.Push(&s.happenings, h)
}

// run plays the day, and goes on until the last job has ended.
func (s *simulation) run() {
	for len(s.happenings) > 0 {
		h := heap.Pop(&s.happenings).(happening)
		s.now = h.at
		if h.agent.ID == "" {
			s.buildComes(h.queue)
		} else {
			s.jobEnds(h)
		}
		if s.judge != nil {
			s.judge.settled(h.queue)
		}
	}
}

// buildComes puts a build's jobs into its queue. All agents that are idle are asked at once, as those with an open
// stream are.
func (s *simulation) buildComes(q *lane) {
	priority, jobs := 0, make([]dispatch.Job, 1+s.random.IntN(19))
	if s.random.IntN(5) == 0 {
		priority = s.random.IntN(5) - 2
	}
	s.born++
	for i := range jobs {
		jobs[i] = dispatch.Job{
			ID: fmt.Sprintf("%06d-%02d", s.born, i), Priority: priority, ScheduledAt: s.now.Microseconds(),
			UploadOrder: fmt.Sprintf("%05d", i/2), Index: i % 2,
		}
		switch s.random.IntN(20) {
		case 0:
			jobs[i].Rules = []string{"gpu=*"}
		case 1, 2:
			jobs[i].Rules = []string{"os=mac"}
		case 3, 4:
			jobs[i].Rules = []string{"os=linux"}
		}
	}
	q.runnable.AddAll(jobs)
	s.assign(q)
	if next := s.now + s.pause(q.pace); next < dayLength {
		s.happen(happening{at: next, queue: q})
	}
}

func (s *simulation) assign(q *lane) {
	idle := make([]dispatch.Agent, 0, len(q.idle))
	for _, a := range q.idle {
		idle = append(idle, a)
	}
	slices.SortFunc(idle, dispatch.CompareAgents)
	jobs := q.runnable.Jobs()
	for _, pair := range dispatch.Assign(jobs, idle) {
		i := slices.IndexFunc(jobs, func(j dispatch.Job) bool { return j.ID == pair.JobID })
		s.start(q, jobs[i], q.idle[pair.AgentID])
	}
}

// jobEnds frees an agent, which asks for its next job alone, as one does that polls. One job in thirty is retried.
func (s *simulation) jobEnds(h happening) {
	q := h.queue
	h.agent.LastFinishedAt = s.now.Microseconds()
	q.idle[h.agent.ID] = h.agent
	if s.random.IntN(30) == 0 {
		again := h.job
		again.ID, again.AvoidAgentID = h.job.ID+"r", h.agent.ID
		q.runnable.Add(again)
		s.assign(q)
	}
	if _, idle := q.idle[h.agent.ID]; !idle {
		return
	}
	if job, ok := q.runnable.First(h.agent); ok {
		s.start(q, job, h.agent)
	}
}

func (s *simulation) start(q *lane, job dispatch.Job, agent dispatch.Agent) {
	if s.judge != nil {
		s.judge.starts(q, job, agent)
	}
	q.runnable.Remove(job.ID)
	delete(q.idle, agent.ID)
	s.started++
	s.happen(happening{at: s.now + s.pause(5*time.Minute), queue: q, job: job, agent: agent})
}
