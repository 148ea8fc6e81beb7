package rest

import (
	"encoding/json"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

func (js jobObjects) script(j *store.Job) *scriptJob {
	step := js.with.Steps[j.StepID]
	address := js.address(j)
	out := &scriptJob{
		ID:                 j.ID,
		GraphQLID:          global(jobType, j.ID),
		Type:               j.Type,
		Name:               orNull(j.Spec.Label),
		StepKey:            orNull(step.Key),
		GroupKey:           js.groupKey(step),
		Step:               js.step(step),
		Priority:           jobPriority{Number: j.Priority},
		AgentQueryRules:    j.Spec.Agents,
		State:              builds.ShownState(&j.Job),
		BuildURL:           js.urls.build(js.org, js.place.PipelineSlug, js.place.BuildNumber),
		WebURL:             js.urls.jobWeb(js.org, js.place.PipelineSlug, js.place.BuildNumber, j.ID),
		LogURL:             address + "/log",
		RawLogURL:          address + "/log.txt",
		ArtifactsURL:       address + "/artifacts",
		Command:            orNull(j.Spec.Command),
		SoftFailed:         j.SoftFailed,
		ExitStatus:         j.ExitStatus,
		Signal:             orNull(j.Signal),
		SignalReason:       orNull(j.SignalReason),
		BrokenReason:       orNull(j.BrokenReason),
		ArtifactPaths:      orNull(step.Settings.ArtifactPaths),
		Agent:              js.agent(j),
		CreatedAt:          wire.Time(j.CreatedAt),
		ScheduledAt:        wire.TimePtr(&j.ScheduledAt),
		RunnableAt:         wire.TimePtr(j.RunnableAt),
		StartedAt:          wire.TimePtr(j.StartedAt),
		FinishedAt:         wire.TimePtr(j.FinishedAt),
		ExpiredAt:          wire.TimePtr(j.ExpiredAt),
		RetriesCount:       j.RetriesCount,
		RetrySource:        js.retrySource(j),
		ParallelGroupIndex: j.Spec.ParallelIndex,
		ParallelGroupTotal: j.Spec.ParallelTotal,
		Matrix:             j.Spec.Matrix,
		ClusterID:          js.place.ClusterID,
		ClusterURL:         js.clusterURL(js.place.ClusterID),
		ClusterQueueID:     orNull(j.QueueID),
	}
	if out.AgentQueryRules == nil {
		out.AgentQueryRules = []string{}
	}
	if queue, ok := js.with.Queues[j.QueueID]; ok {
		out.ClusterQueueURL = js.queueURL(&queue.ClusterID, &queue.ID)
	}
	if j.ConcurrencyWait != nil {
		wait := j.ConcurrencyWait.Milliseconds()
		out.ConcurrencyWaitTimeMS = &wait
	}
	if j.PromisedExitStatus != nil {
		out.PromisedExitStatus, out.PromisedExitStatusAt = j.PromisedExitStatus, wire.TimePtr(j.PromisedAt)
	}
	if j.Retried() {
		out.Retried, out.RetriedInJobID = true, &j.RetriedInJobID
		out.RetryType = orNull(j.RetryType)
		out.RetriedBy = js.userIn(js.with.Users, orNull(j.RetriedByID))
	}
	return out
}

func (js jobObjects) step(step build.Step) *jobStep {
	if step.ID == "" {
		return nil
	}
	signature, known := js.signatures[step.ID]
	if !known {
		var raw struct {
			Signature *stepSignature `json:"signature"`
		}
		// What is no signature as the contract has it is not shown as one; agents get the step as it is.
		if json.Unmarshal(step.Settings.Raw, &raw) == nil {
			signature = raw.Signature
		}
		js.signatures[step.ID] = signature
	}
	return &jobStep{ID: step.ID, Signature: signature}
}

// retrySource returns the job that j retries. How it was retried is the source's to say; a job that has itself been
// retried only says how that came.
func (js jobObjects) retrySource(j *store.Job) *retrySource {
	if j.RetrySourceID == "" {
		return nil
	}
	source := &retrySource{JobID: j.RetrySourceID, RetryType: j.RetryType}
	for _, other := range js.with.Jobs[j.BuildID] {
		if other.ID == j.RetrySourceID {
			source.RetryType = other.RetryType
		}
	}
	return source
}

func (js jobObjects) agent(j *store.Job) *agentObject {
	row, ok := js.with.Agents[j.AgentID]
	if !ok {
		return nil
	}
	return js.objects.agent(row, agentParts{queueKey: js.with.Queues[row.QueueID].Key})
}

// heldBy returns the object of a job inside that of the agent which holds it, so without the agent.
func (js jobObjects) heldBy(j *store.Job) *scriptJob {
	out := js.script(j)
	out.Agent = nil
	return out
}
