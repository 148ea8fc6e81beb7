// Package dispatch decides which job goes to which agent: the order of a queue's jobs, whether an agent matches a job's
// query rules, the pairing of many jobs with many agents, and which jobs of a concurrency group may go at all. It knows
// nothing of rows, connections or time passing.
//
// The contract is docs/contract/pipelines.md, sections 12 and 13.
package dispatch

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Job is a runnable job as far as dispatch goes.
type Job struct {
	ID       string
	Priority int
	// ScheduledAt is microseconds; UploadOrder the step's place in its build; Index the job's in its step.
	ScheduledAt int64
	UploadOrder string
	Index       int
	// Rules are query rules: `key=value`, `key=*` or `key`.
	Rules []string
	// AvoidAgentID is an agent that should not get the job while another one could: the one that ran an earlier
	// attempt, on queues that prefer a different agent for retries.
	AvoidAgentID string
}

// Agent is an agent that waits for a job.
type Agent struct {
	ID string
	// Priority is nil when the agent named none.
	Priority *int64
	// Tags are `key=value`, or a bare key.
	Tags []string
	// LastFinishedAt is when the agent ended its last job well, in microseconds; 0 for never.
	LastFinishedAt int64
}

// Compare orders jobs for dispatch: priority first, then age, then place in the upload, then id.
func Compare(a, b Job) int {
	return cmp.Or(
		cmp.Compare(b.Priority, a.Priority),
		cmp.Compare(a.ScheduledAt, b.ScheduledAt),
		strings.Compare(a.UploadOrder, b.UploadOrder),
		cmp.Compare(a.Index, b.Index),
		strings.Compare(a.ID, b.ID),
	)
}

// CompareAgents orders agents for a job: by priority, those without one last, then the most recently successful.
func CompareAgents(a, b Agent) int {
	switch {
	case a.Priority == nil && b.Priority != nil:
		return 1
	case a.Priority != nil && b.Priority == nil:
		return -1
	case a.Priority != nil && *a.Priority != *b.Priority:
		return cmp.Compare(*b.Priority, *a.Priority)
	}
	return cmp.Or(cmp.Compare(b.LastFinishedAt, a.LastFinishedAt), strings.Compare(a.ID, b.ID))
}

// Matches reports whether an agent's tags fulfil every query rule. The queue rule is part of placement and is not
// looked at here.
func Matches(rules, tags []string) bool {
	for _, rule := range rules {
		if !matchesRule(rule, tags) {
			return false
		}
	}
	return true
}

func matchesRule(rule string, tags []string) bool {
	key, value, _ := strings.Cut(rule, "=")
	if key == QueueKey {
		return true
	}
	if value == "" || value == "*" {
		return slices.ContainsFunc(tags, func(tag string) bool {
			tagKey, _, _ := strings.Cut(tag, "=")
			return tagKey == key
		})
	}
	return slices.Contains(tags, rule)
}

// QueueKey is the tag that names an agent's queue and the rule that names a job's.
const QueueKey = "queue"

// Queue returns the queue key that rules or tags name, and "" when they name none.
func Queue(rules []string) string {
	for _, rule := range rules {
		if key, value, _ := strings.Cut(rule, "="); key == QueueKey && value != "" && value != "*" {
			return value
		}
	}
	return ""
}

// Pair is a decision.
type Pair struct {
	JobID   string
	AgentID string
}

// Assign pairs jobs, given in dispatch order, with waiting agents, each at most once. Every job takes the best agent
// that matches it and is still free.
func Assign(jobs []Job, agents []Agent) []Pair { return assign(slices.Values(jobs), agents) }

func assign(jobs iter.Seq[Job], agents []Agent) []Pair {
	free := slices.Clone(agents)
	slices.SortFunc(free, CompareAgents)
	var pairs []Pair
	for job := range jobs {
		if len(free) == 0 {
			break
		}
		i := choose(job, free)
		if i < 0 {
			continue
		}
		pairs = append(pairs, Pair{JobID: job.ID, AgentID: free[i].ID})
		free = slices.Delete(free, i, i+1)
	}
	return pairs
}

// choose returns the index of the agent for a job, or -1.
func choose(job Job, free []Agent) int {
	avoided := -1
	for i, agent := range free {
		if !Matches(job.Rules, agent.Tags) {
			continue
		}
		if agent.ID != job.AvoidAgentID {
			return i
		}
		avoided = i
	}
	return avoided
}
