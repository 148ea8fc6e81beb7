package agentclient

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Job is what an agent needs of an accepted job (docs/contract/agent-api.md, section 9).
type Job struct {
	ID                 string            `json:"id"`
	Token              string            `json:"token"`
	Env                map[string]string `json:"env"`
	ChunksMaxSizeBytes int               `json:"chunks_max_size_bytes"`
	LogMaxSizeBytes    int64             `json:"log_max_size_bytes"`
}

// defaultLogMaxSize is a log's limit in bytes when the server names none.
const defaultLogMaxSize = 1 << 30

// Accept takes an assigned job. A StatusError means that it is not this agent's any more.
func (c *Client) Accept(ctx context.Context, jobID string) (Job, error) {
	var job Job
	r := request{name: "accept", method: http.MethodPut, path: "/jobs/" + jobID + "/accept", token: c.Agent.AccessToken}
	if err := c.retry(ctx, acceptBudget, r, &job); err != nil {
		return Job{}, err
	}
	if job.ID != jobID || job.Env["BUILDKITE_JOB_ID"] != jobID || job.ChunksMaxSizeBytes < 1 {
		c.Errors.Add("accept: unusable job")
		return Job{}, fmt.Errorf("accept: the answer for job %s is of job %q or lacks what agents need", jobID, job.ID)
	}
	if job.Token == "" {
		job.Token = c.Agent.AccessToken
	}
	if job.LogMaxSizeBytes == 0 {
		job.LogMaxSizeBytes = defaultLogMaxSize
	}
	return job, nil
}

// Start says that a job runs.
func (c *Client) Start(ctx context.Context, job Job, now time.Time) error {
	body := encode(struct {
		StartedAt string `json:"started_at"`
	}{now.UTC().Format(time.RFC3339Nano)})
	return c.retry(ctx, startBudget, request{name: "start", method: http.MethodPut, path: "/jobs/" + job.ID + "/start", token: job.Token, body: body}, nil)
}

// Finish says that a job succeeded; failedChunks of its log were given up.
func (c *Client) Finish(ctx context.Context, job Job, failedChunks int, now time.Time) error {
	body := encode(struct {
		ExitStatus        string `json:"exit_status"`
		FinishedAt        string `json:"finished_at"`
		ChunksFailedCount int    `json:"chunks_failed_count"`
	}{"0", now.UTC().Format(time.RFC3339Nano), failedChunks})
	return c.retry(ctx, finishBudget, request{name: "finish", method: http.MethodPut, path: "/jobs/" + job.ID + "/finish", token: job.Token, body: body}, nil)
}

// Upload sends a chunk of a job's log (docs/contract/agent-api.md, section 10).
func (c *Client) Upload(ctx context.Context, job Job, chunk Chunk) error {
	query := "sequence=" + strconv.Itoa(chunk.Sequence) + "&offset=" + strconv.FormatInt(chunk.Offset, 10) +
		"&size=" + strconv.Itoa(chunk.Size)
	r := request{
		name: "chunk", method: http.MethodPost, path: "/jobs/" + job.ID + "/chunks", query: query, token: job.Token,
		body: chunk.Gzip, gzip: true,
	}
	return c.retry(ctx, chunkBudget, r, nil)
}
