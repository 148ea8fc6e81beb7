package agentapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/builds"
)

// What agents are told about logs. Zero chunks would make an agent abandon the job it has just started.
const (
	chunksMaxSize  = 100 << 10
	chunksInterval = 1 // second
	logMaxSize     = joblog.MaxBytes
)

// jobBody is a job as an agent gets it (docs/contract/agent-api.md, section 9). Agents decode it strictly: one value of
// a wrong type and they ask again for minutes.
type jobBody struct {
	ID                    string            `json:"id"`
	Token                 string            `json:"token"`
	State                 string            `json:"state"`
	Env                   map[string]string `json:"env"`
	Step                  json.RawMessage   `json:"step,omitempty"`
	MatrixPermutation     map[string]string `json:"matrix_permutation"`
	ChunksMaxSizeBytes    int               `json:"chunks_max_size_bytes"`
	ChunksIntervalSeconds int               `json:"chunks_interval_seconds"`
	LogMaxSizeBytes       int               `json:"log_max_size_bytes"`
	Priority              int               `json:"priority"`
	RunnableAt            string            `json:"runnable_at,omitempty"`
}

func newJobBody(as builds.Assignment) jobBody {
	body := jobBody{
		ID: as.Job.ID, Token: as.Token, State: string(as.Job.State), Env: as.Env, Step: as.Step,
		MatrixPermutation:  as.MatrixPermutation,
		ChunksMaxSizeBytes: chunksMaxSize, ChunksIntervalSeconds: chunksInterval, LogMaxSizeBytes: logMaxSize,
		Priority: as.Job.Priority,
	}
	if as.Job.RunnableAt != nil {
		body.RunnableAt = wire.Time(*as.Job.RunnableAt).String()
	}
	return body
}

func (a *API) accept(c *call) error {
	id, err := c.id("job")
	if err != nil {
		return err
	}
	as, err := a.Jobs.Accept(c.r.Context(), c.agent, id)
	if err != nil {
		return err
	}
	return c.ok(newJobBody(as))
}

// acquireRetryAfter is in seconds: how soon to ask again for a job whose dependencies are not done.
const acquireRetryAfter = "5"

func (a *API) acquire(c *call) error {
	id, err := c.id("job")
	if err != nil {
		return err
	}
	as, err := a.Jobs.Acquire(c.r.Context(), c.agent, id)
	if fault.Is(err, fault.Locked) {
		c.w.Header().Set("Retry-After", acquireRetryAfter)
	}
	if err != nil {
		return err
	}
	return c.ok(newJobBody(as))
}

func (a *API) start(c *call) error {
	var in struct {
		StartedAt string `json:"started_at"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	if err := a.Jobs.Start(c.r.Context(), c.job, a.timeOr(in.StartedAt)); err != nil {
		return err
	}
	return c.done()
}

// timeOr reads a time of an agent's clock. What is no time is the present: a job must not fail for it.
func (a *API) timeOr(text string) time.Time {
	if t, ok := wire.ParseTime(text); ok {
		return t
	}
	return a.Now().UTC()
}

func (a *API) jobState(c *call) error {
	state, err := a.Jobs.JobState(c.r.Context(), c.job.ID)
	if err != nil {
		return err
	}
	return c.ok(struct {
		State string `json:"state"`
	}{string(state)})
}

type finishBody struct {
	ExitStatus              string `json:"exit_status"`
	Signal                  string `json:"signal"`
	SignalReason            string `json:"signal_reason"`
	FinishedAt              string `json:"finished_at"`
	ChunksFailedCount       int64  `json:"chunks_failed_count"`
	IgnoreAgentInDispatches bool   `json:"ignore_agent_in_dispatches"`
}

func (a *API) finish(c *call) error {
	var in finishBody
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	exitStatus, err := strconv.Atoi(in.ExitStatus)
	if err != nil {
		return fault.New(fault.Invalid, "exit_status must be an integer as a string")
	}
	err = a.Jobs.Finish(c.r.Context(), c.job, builds.Finish{
		ExitStatus: exitStatus, Signal: in.Signal, SignalReason: in.SignalReason, FinishedAt: a.timeOr(in.FinishedAt),
		ChunksFailed: in.ChunksFailedCount, IgnoreAgent: in.IgnoreAgentInDispatches,
	})
	if err != nil {
		return err
	}
	if in.IgnoreAgentInDispatches {
		a.Agents.Changed(c.job.AgentID)
	} else {
		a.Agents.Finished(c.job.AgentID, a.Now())
	}
	return c.done()
}

// updateJob changes an attribute of a job; the timeout is the only one there is, under two names.
func (a *API) updateJob(c *call) error {
	var in struct {
		Timeout          *string `json:"timeout"`
		TimeoutInMinutes *string `json:"timeout_in_minutes"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	text := in.TimeoutInMinutes
	if text == nil {
		text = in.Timeout
	}
	if text == nil {
		return fault.New(fault.Invalid, "Only the attribute timeout_in_minutes of a job can be changed")
	}
	minutes, err := strconv.Atoi(*text)
	if err != nil {
		return fault.New(fault.Invalid, "timeout_in_minutes must be a whole number of minutes")
	}
	if err := a.Jobs.UpdateTimeout(c.r.Context(), c.job, minutes); err != nil {
		return err
	}
	return c.ok(struct {
		ID string `json:"id"`
	}{c.job.ID})
}

// promiseFailure answers another status than promised before with 409, which tells the command apart from a job that
// does not run (docs/contract/agent-api.md, section 8).
func (a *API) promiseFailure(c *call) error {
	var in struct {
		ExitStatus int    `json:"exit_status"`
		Reason     string `json:"reason"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	if err := a.Jobs.Promise(c.r.Context(), c.job, in.ExitStatus, in.Reason); err != nil {
		return withStatus(err, fault.Conflict, http.StatusConflict)
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
