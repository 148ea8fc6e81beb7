package builds

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
)

func TestPipelineCounts(t *testing.T) {
	t.Parallel()
	var counts pipelineCounts
	now := time.Date(2026, time.August, 3, 9, 30, 0, 0, time.UTC)
	many := store.PipelineCounts{ScheduledBuilds: 1, WaitingJobs: manyOpen}
	counts.add(map[string]store.PipelineCounts{"quiet": {RunningJobs: manyOpen - 1}, "busy": many}, now)

	known, others := counts.of([]string{"quiet", "busy", "new"}, now.Add(countsFor-1))
	if len(known) != 1 || known["busy"] != many || !slices.Equal(others, []string{"quiet", "new"}) {
		t.Errorf("known %v, others %v", known, others)
	}
	if _, others := counts.of([]string{"busy"}, now.Add(countsFor)); len(others) != 1 {
		t.Error("counts are used for longer than they may be")
	}
	for i := range 3 * maxRememberedCounts {
		counts.add(map[string]store.PipelineCounts{strconv.Itoa(i): many}, now)
	}
	if len(counts.known) > maxRememberedCounts {
		t.Errorf("remembers %d pipelines, at most %d are to be", len(counts.known), maxRememberedCounts)
	}
}
