package agenttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// JobBody is a job as the agent decodes it, as strictly as the agent does.
type JobBody struct {
	ID                    string            `json:"id"`
	Token                 string            `json:"token"`
	State                 string            `json:"state"`
	Env                   map[string]string `json:"env"`
	Step                  json.RawMessage   `json:"step"`
	MatrixPermutation     map[string]string `json:"matrix_permutation"`
	ChunksMaxSizeBytes    uint64            `json:"chunks_max_size_bytes"`
	ChunksIntervalSeconds int               `json:"chunks_interval_seconds"`
	LogMaxSizeBytes       uint64            `json:"log_max_size_bytes"`
	Priority              int               `json:"priority"`
	RunnableAt            string            `json:"runnable_at"`
}

// Job is a job that a scripted agent runs.
type Job struct {
	JobBody
	server   Server
	sequence int
	offset   int
}

// Call makes a call of the job about itself: path is below jobs/<id>/, or absolute below /v3 when it begins with a slash.
func (j *Job) Call(ctx context.Context, method, path string, body, out any) (http.Header, error) {
	full := "jobs/" + escape(j.ID)
	switch {
	case strings.HasPrefix(path, "/"):
		full = strings.TrimPrefix(path, "/")
	case path != "":
		full += "/" + path
	}
	header, err := j.server.Call(ctx, j.Token, method, full, body, out)
	if err != nil {
		return header, fmt.Errorf("%s %s: %w", method, full, err)
	}
	return header, nil
}

func (j *Job) do(ctx context.Context, method, path string, body, out any) error {
	_, err := j.Call(ctx, method, path, body, out)
	return err
}

// Start says that the job runs.
func (j *Job) Start(ctx context.Context) error {
	return j.do(ctx, http.MethodPut, "start", map[string]string{"started_at": now()}, nil)
}

func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

// JobState is the state of the job as its agent polls it.
func (j *Job) JobState(ctx context.Context) (string, error) {
	var out struct{ State string }
	err := j.do(ctx, http.MethodGet, "", nil, &out)
	return out.State, err
}

// End is how a job ended.
type End struct {
	ExitStatus              int
	Signal                  string
	SignalReason            string
	ChunksFailedCount       int
	IgnoreAgentInDispatches bool
}

// Finish ends the job with an exit status.
func (j *Job) Finish(ctx context.Context, exitStatus int) error {
	return j.End(ctx, End{ExitStatus: exitStatus})
}

// End ends the job.
func (j *Job) End(ctx context.Context, e End) error {
	body := map[string]any{
		"exit_status": strconv.Itoa(e.ExitStatus), "finished_at": now(), "chunks_failed_count": e.ChunksFailedCount,
	}
	if e.Signal != "" {
		body["signal"] = e.Signal
	}
	if e.SignalReason != "" {
		body["signal_reason"] = e.SignalReason
	}
	if e.IgnoreAgentInDispatches {
		body["ignore_agent_in_dispatches"] = true
	}
	return j.do(ctx, http.MethodPut, "finish", body, nil)
}

// Log sends the next piece of the job's log.
func (j *Job) Log(ctx context.Context, text string) error {
	j.sequence++
	offset := j.offset
	j.offset += len(text)
	return j.Chunk(ctx, j.sequence, offset, text)
}

// Chunk sends a piece of the log under a number and an offset of the test's choice.
func (j *Job) Chunk(ctx context.Context, sequence, offset int, text string) error {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	address := fmt.Sprintf("%s/v3/jobs/%s/chunks?sequence=%d&offset=%d&size=%d", strings.TrimRight(j.server.URL, "/"),
		escape(j.ID), sequence, offset, len(text))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, &zipped)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/plain")
	request.Header.Set("Content-Encoding", "gzip")
	if _, err := j.server.do(request, j.Token, nil); err != nil {
		return fmt.Errorf("send chunk %d: %w", sequence, err)
	}
	return nil
}

// SetMetaData sets a key of the build's meta-data.
func (j *Job) SetMetaData(ctx context.Context, key, value string) error {
	return j.do(ctx, http.MethodPost, "data/set", map[string]string{"key": key, "value": value}, nil)
}

// MetaData reads a key of the build's meta-data.
func (j *Job) MetaData(ctx context.Context, key string) (string, error) {
	var out struct{ Value string }
	err := j.do(ctx, http.MethodPost, "data/get", map[string]string{"key": key}, &out)
	return out.Value, err
}

// Upload adds a pipeline in JSON to the build, and follows it until it is applied.
func (j *Job) Upload(ctx context.Context, id string, pipeline string) error {
	body := map[string]any{"uuid": id, "pipeline": json.RawMessage(pipeline)}
	header, err := j.Call(ctx, http.MethodPost, "pipelines?async=true", body, nil)
	if err != nil || header.Get("Location") == "" {
		return err
	}
	for {
		var out struct{ State, Message string }
		if err := j.do(ctx, http.MethodGet, "pipelines/"+escape(id), nil, &out); err != nil {
			return err
		}
		switch out.State {
		case "applied":
			return nil
		case "rejected", "failed":
			return fmt.Errorf("upload %s: %s", out.State, out.Message)
		}
	}
}

// escape is how agents put ids and keys into paths.
func escape(text string) string { return strings.ReplaceAll(url.PathEscape(text), ".", "%2E") }
