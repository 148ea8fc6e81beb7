package build

import (
	"fmt"
	"slices"
)

// jobMoves are the moves a job may make, by type (docs/contract/pipelines.md, section 4.3), with these additions:
// a failed wait is revived when its cause is retried, a queued job may expire while a limit holds it, and a job that
// never started may finish, because a stack or an agent reports that way what it could not run.
var jobMoves = map[JobType]map[JobState][]JobState{
	Script: {
		JobPending:       {JobBroken, JobWaiting, JobSkipped, JobCanceled},
		JobWaiting:       {JobLimiting, JobScheduled, JobWaitingFailed, JobCanceled, JobSkipped},
		JobWaitingFailed: {JobWaiting},
		JobLimiting:      {JobLimited, JobScheduled, JobExpired, JobCanceled, JobSkipped},
		JobLimited:       {JobScheduled, JobExpired, JobCanceled, JobSkipped},
		JobScheduled:     {JobReserved, JobAssigned, JobFinished, JobExpired, JobCanceled, JobSkipped},
		JobReserved:      {JobScheduled, JobAssigned, JobFinished, JobExpired, JobCanceled, JobSkipped},
		JobAssigned:      {JobAccepted, JobScheduled, JobFinished, JobCanceled, JobSkipped},
		JobAccepted:      {JobRunning, JobScheduled, JobFinished, JobCanceling, JobCanceled, JobSkipped},
		JobRunning:       {JobFinished, JobCanceling, JobTimingOut},
		JobCanceling:     {JobCanceled},
		JobTimingOut:     {JobTimedOut, JobFinished},
		JobBroken:        {JobSkipped},
	},
	Waiter: {
		JobPending:       {JobBroken, JobWaiting, JobSkipped, JobCanceled},
		JobWaiting:       {JobFinished, JobWaitingFailed, JobCanceled, JobSkipped},
		JobWaitingFailed: {JobWaiting},
	},
	Manual: {
		JobPending:       {JobBroken, JobWaiting, JobSkipped, JobCanceled},
		JobWaiting:       {JobBlocked, JobBlockedFailed, JobCanceled, JobSkipped},
		JobBlocked:       {JobUnblocked, JobBlockedFailed, JobCanceled, JobSkipped},
		JobBlockedFailed: {JobWaiting, JobBlocked},
	},
	Trigger: {
		JobPending:       {JobBroken, JobWaiting, JobSkipped, JobCanceled},
		JobWaiting:       {JobScheduled, JobWaitingFailed, JobCanceled, JobSkipped},
		JobWaitingFailed: {JobWaiting},
		JobScheduled:     {JobRunning, JobFinished, JobCanceled, JobSkipped},
		JobRunning:       {JobFinished, JobCanceling, JobSkipped},
		JobCanceling:     {JobCanceled},
		JobFinished:      {JobRunning},
	},
}

// buildMoves are the moves a build may make (docs/contract/pipelines.md, section 3.2). A build can come to an end from
// anywhere: its last step may be excluded, refused or canceled before anything ran.
var buildMoves = map[State][]State{
	Creating:  {Scheduled, Running, Failing, Blocked, Passed, Failed, Canceling, Canceled, Skipped, NotRun},
	Scheduled: {Running, Failing, Blocked, Passed, Failed, Canceling, Canceled, Skipped, NotRun},
	Running:   {Failing, Blocked, Passed, Failed, Canceling, Canceled, NotRun},
	Failing:   {Running, Blocked, Passed, Failed, Canceling, Canceled, NotRun},
	Blocked:   {Running, Failing, Passed, Failed, Canceling, Canceled, NotRun},
	Passed:    {Running, Failing, Blocked, Failed},
	Failed:    {Running, Failing, Blocked, Passed},
	Canceling: {Canceled},
}

// CanMove reports whether a job of a type may go from one state to another.
func CanMove(t JobType, from, to JobState) bool { return slices.Contains(jobMoves[t][from], to) }

// CanMove reports whether a build may go from the state to another.
func (s State) CanMove(to State) bool { return slices.Contains(buildMoves[s], to) }

// setJob moves a job to a state and makes the changes that go with it. It is the only place that writes a job's state:
// counters, timestamps that follow from the state, and announcements are done here.
func (r *run) setJob(j *Job, s *Step, to JobState, change func(*Job)) error {
	from := j.State
	if !CanMove(j.Type, from, to) {
		return fmt.Errorf("%s job %s cannot go from %s to %s", j.Type, j.ID, from, to)
	}
	r.changeJob(j, s, func() {
		j.State = to
		r.stamp(j)
		if change != nil {
			change(j)
		}
	})
	r.announce(j, s, from)
	return nil
}

// stamp sets the times that mean a job's new state.
func (r *run) stamp(j *Job) {
	now := r.Now
	j.FinishedAt = nil
	if j.State.Terminal() {
		j.FinishedAt = &now
	}
	switch j.State {
	case JobLimiting:
		j.LimitingAt = &now
	case JobScheduled:
		if j.RunnableAt == nil {
			j.RunnableAt = &now
		}
	case JobCanceling, JobCanceled:
		if j.CanceledAt == nil {
			j.CanceledAt = &now
		}
	case JobExpired:
		j.ExpiredAt = &now
	case JobUnblocked:
		j.UnblockedAt = &now
	}
}

// announce appends the effects of a job's move.
func (r *run) announce(j *Job, s *Step, from JobState) {
	switch j.State {
	case JobScheduled:
		if j.Type == Trigger {
			r.effect(TriggerBuild{Job: j, Step: s})
		} else {
			r.effect(JobRunnable{Job: j})
		}
	case JobRunning:
		r.effect(JobStarted{Job: j})
	case JobBlocked:
		r.effect(JobOffered{Job: j})
	case JobCanceling:
		if j.Type == Trigger {
			r.effect(CancelChild{Job: j})
		} else {
			r.effect(JobCancel{Job: j})
		}
	case JobTimingOut:
		r.effect(JobCancel{Job: j})
	case JobLimiting:
		r.groupChanged(j.Concurrency.Group)
	}
	if !j.State.Terminal() || from == JobPending {
		return
	}
	r.groupChanged(j.Concurrency.Group)
	if j.Type == Script && from.queued() {
		r.effect(JobWithdrawn{Job: j})
	}
	if from == JobAccepted && j.State != JobFinished {
		r.effect(JobCancel{Job: j})
	}
	r.effect(JobEnded{Job: j})
}

// queued reports whether the job waits in a queue or is about to leave it.
func (s JobState) queued() bool {
	switch s {
	case JobLimiting, JobLimited, JobScheduled, JobReserved, JobAssigned:
		return true
	}
	return false
}
