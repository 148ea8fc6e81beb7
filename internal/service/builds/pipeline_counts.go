package builds

import (
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
)

const (
	// manyOpen is from how many unfinished builds and jobs of a pipeline on its counts are remembered: counting them is
	// part of every answer with the pipeline in it, and would cost more than the rest.
	manyOpen = 1000
	// countsFor is how old such counts may be.
	countsFor = 2 * time.Second
	// maxRememberedCounts bounds the pipelines that are remembered.
	maxRememberedCounts = 1000
)

// pipelineCounts remembers the counts of pipelines in which much is going on. The zero value is ready for use.
type pipelineCounts struct {
	mu    sync.Mutex
	known map[string]rememberedCounts
}

type rememberedCounts struct {
	counts store.PipelineCounts
	until  time.Time
}

// of returns what is known of pipelines, and the ids of the others.
func (p *pipelineCounts) of(ids []string, now time.Time) (counts map[string]store.PipelineCounts, others []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts = map[string]store.PipelineCounts{}
	for _, id := range ids {
		if r, ok := p.known[id]; ok && now.Before(r.until) {
			counts[id] = r.counts
		} else {
			others = append(others, id)
		}
	}
	return counts, others
}

// add remembers those counts that were costly.
func (p *pipelineCounts) add(counts map[string]store.PipelineCounts, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, c := range counts {
		if c.ScheduledBuilds+c.RunningBuilds+c.ScheduledJobs+c.RunningJobs+c.WaitingJobs < manyOpen {
			continue
		}
		if p.known == nil || len(p.known) >= maxRememberedCounts {
			p.known = map[string]rememberedCounts{}
		}
		p.known[id] = rememberedCounts{counts: c, until: now.Add(countsFor)}
	}
}
