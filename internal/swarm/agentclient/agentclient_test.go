package agentclient

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
	"github.com/bridle-ci/bridle/internal/swarm/httpconn"
	"github.com/bridle-ci/bridle/internal/swarm/stats"
)

// answer is one answer of a script.
type answer struct {
	status int
	body   string
}

// scripted is a client of a server that gives the same answer again and again, after some others.
type scripted struct {
	*Client
	mu     sync.Mutex
	calls  int
	pauses []time.Duration
}

func newScripted(t *testing.T, script ...answer) *scripted {
	t.Helper()
	s := &scripted{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.mu.Lock()
		a := script[min(s.calls, len(script)-1)]
		s.calls++
		s.mu.Unlock()
		if a.status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(server.Close)
	s.Client = newClient(t, server.URL, func(_ context.Context, d time.Duration) error {
		s.pauses = append(s.pauses, d)
		return nil
	})
	return s
}

func newClient(t *testing.T, server string, pause func(context.Context, time.Duration) error) *Client {
	t.Helper()
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{
		Server: address, Calls: httpconn.New(address), Streams: httpconn.New(address), Errors: &stats.Counts{},
		Pause: pause, Random: func() float64 { return 0 },
	})
}

const (
	goodRegistration = `{"id":"a","name":"n","access_token":"s","ping_interval":10,"job_status_interval":10,"heartbeat_interval":60}`
	goodJob          = `{"id":"j","token":"t","env":{"BUILDKITE_JOB_ID":"j"},"chunks_max_size_bytes":100}`
)

// TestBudgets is the table of docs/contract/agent-api.md, section 4, as far as it concerns these calls.
func TestBudgets(t *testing.T) {
	t.Parallel()
	calls := map[string]func(context.Context, *Client) error{
		"register":   func(ctx context.Context, c *Client) error { return c.Register(ctx, "token", "name", "queue") },
		"connect":    func(ctx context.Context, c *Client) error { return c.Connect(ctx) },
		"disconnect": func(ctx context.Context, c *Client) error { return c.Disconnect(ctx) },
		"heartbeat":  func(ctx context.Context, c *Client) error { return c.Heartbeat(ctx, time.Unix(0, 0)) },
		"ping": func(ctx context.Context, c *Client) error {
			_, err := c.Ping(ctx)
			return err
		},
		"accept": func(ctx context.Context, c *Client) error {
			_, err := c.Accept(ctx, "j")
			return err
		},
		"start": func(ctx context.Context, c *Client) error { return c.Start(ctx, Job{ID: "j"}, time.Unix(0, 0)) },
		"chunk": func(ctx context.Context, c *Client) error {
			return c.Upload(ctx, Job{ID: "j"}, Chunk{Gzip: []byte("x")})
		},
		"finish": func(ctx context.Context, c *Client) error { return c.Finish(ctx, Job{ID: "j"}, 0, time.Unix(0, 0)) },
	}
	tests := []struct {
		call          string
		status        int // 0 breaks the connection
		body          string
		attempts      int
		first, second time.Duration // waits
	}{
		{"register", 503, "", 30, 10 * time.Second, 10 * time.Second},
		{"register", 429, "", 30, 10 * time.Second, 10 * time.Second},
		{"register", 422, "", 1, 0, 0},
		{"connect", 503, "", 10, 5 * time.Second, 5 * time.Second},
		{"connect", 401, "", 10, 5 * time.Second, 5 * time.Second},
		{"disconnect", 401, "", 4, time.Second, time.Second},
		{"heartbeat", 503, "", 10, 5 * time.Second, 5 * time.Second},
		{"heartbeat", 200, "<html>", 10, 5 * time.Second, 5 * time.Second},
		{"heartbeat", 401, "", 1, 0, 0},
		{"ping", 503, "", 1, 0, 0},
		{"accept", 503, "", 1, 0, 0},
		{"accept", 200, `{"id":`, 30, 5 * time.Second, 5 * time.Second},
		{"accept", 0, "", 30, 5 * time.Second, 5 * time.Second},
		{"start", 500, "", 7, time.Second, 2 * time.Second},
		{"start", 422, "", 1, 0, 0},
		{"chunk", 500, "", 12, 2 * time.Second, 3200 * time.Millisecond},
		{"chunk", 429, "", 1, 0, 0},
		{"finish", 429, "", 12, 2 * time.Second, 3200 * time.Millisecond},
		{"finish", 422, "", 1, 0, 0},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s answered %d", test.call, test.status), func(t *testing.T) {
			t.Parallel()
			s := newScripted(t, answer{test.status, test.body})
			if err := calls[test.call](t.Context(), s.Client); err == nil {
				t.Error("no error")
			}
			if n := s.Errors.Total(); n != test.attempts || len(s.pauses) != test.attempts-1 {
				t.Errorf("%d attempts counted with %d waits, want %d attempts", n, len(s.pauses), test.attempts)
			}
			for i, want := range []time.Duration{test.first, test.second} {
				if test.attempts > 1 && s.pauses[i].Round(100*time.Millisecond) != want {
					t.Errorf("wait %d is %v, want %v", i+1, s.pauses[i], want)
				}
			}
		})
	}
}

func TestRetryEndsWithSuccess(t *testing.T) {
	t.Parallel()
	s := newScripted(t, answer{503, `{"message":"busy"}`}, answer{503, ""}, answer{200, goodRegistration})
	if err := s.Register(t.Context(), "token", "name", "queue"); err != nil {
		t.Fatal(err)
	}
	want := Registered{ID: "a", Name: "n", AccessToken: "s", PingInterval: 10, JobStatusInterval: 10, HeartbeatInterval: 60}
	if diff := cmp.Diff(want, s.Agent); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"register: 503": 2}, s.Errors.All()); diff != "" {
		t.Errorf("errors: -want +got:\n%s", diff)
	}
}

func TestAnswersThatWouldBreakAnAgent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		call func(context.Context, *Client) error
	}{
		"interval of zero": {
			strings.Replace(goodRegistration, `"heartbeat_interval":60`, `"heartbeat_interval":0`, 1),
			func(ctx context.Context, c *Client) error { return c.Register(ctx, "token", "name", "queue") },
		},
		"no session": {
			strings.Replace(goodRegistration, `"access_token":"s"`, `"access_token":""`, 1),
			func(ctx context.Context, c *Client) error { return c.Register(ctx, "token", "name", "queue") },
		},
		"job of another id": {
			strings.Replace(goodJob, `"id":"j"`, `"id":"k"`, 1),
			func(ctx context.Context, c *Client) error { _, err := c.Accept(ctx, "j"); return err },
		},
		"chunks of no size": {
			strings.Replace(goodJob, `:100`, `:0`, 1),
			func(ctx context.Context, c *Client) error { _, err := c.Accept(ctx, "j"); return err },
		},
		"variable that is a number": {
			strings.Replace(goodJob, `"BUILDKITE_JOB_ID"`, `"N":1,"BUILDKITE_JOB_ID"`, 1),
			func(ctx context.Context, c *Client) error { _, err := c.Accept(ctx, "j"); return err },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t, answer{200, test.body})
			if err := test.call(t.Context(), s.Client); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestAcceptFillsIn(t *testing.T) {
	t.Parallel()
	s := newScripted(t, answer{200, strings.Replace(goodJob, `"t"`, `""`, 1)})
	s.Agent.AccessToken = "session"
	got, err := s.Accept(t.Context(), "j")
	want := Job{ID: "j", Token: "session", Env: map[string]string{"BUILDKITE_JOB_ID": "j"}, ChunksMaxSizeBytes: 100, LogMaxSizeBytes: 1 << 30}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want Order
	}{
		"idle":            {`{"action":"idle"}`, Order{Action: Idle}},
		"nothing":         {`{}`, Order{Action: Idle}},
		"unknown action":  {`{"action":"dance"}`, Order{Action: Idle}},
		"job":             {`{"job":{"id":"j"}}`, Order{Action: Run, JobID: "j"}},
		"job without id":  {`{"job":{}}`, Order{Action: Idle}},
		"pause, with job": {`{"action":"pause","job":{"id":"j"}}`, Order{Action: PauseAgent}},
		"disconnect":      {`{"action":"disconnect"}`, Order{Action: Leave}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newScripted(t, answer{200, test.body}).Ping(t.Context())
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v, -want +got:\n%s", err, diff)
			}
		})
	}
}

// script is a stream: messages, then an end.
type script struct {
	messages []*agentedge.StreamPingsResponse
	end      error
}

func (s script) StreamPings(_ context.Context, in *connect.Request[agentedge.StreamPingsRequest], out *connect.ServerStream[agentedge.StreamPingsResponse]) error {
	if in.Header().Get("Authorization") != "Token s" || in.Msg.GetAgentId() != "a" || in.Msg.GetAgentVersion() != Version {
		return connect.NewError(connect.CodeUnauthenticated, errors.New("who is this?"))
	}
	for _, m := range s.messages {
		if err := out.Send(m); err != nil {
			return err
		}
	}
	return s.end
}

func streamed(t *testing.T, s script) *Client {
	t.Helper()
	_, handler := agentedge.NewAgentEdgeServiceHandler(s)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c := newClient(t, server.URL, Sleep)
	c.Agent = Registered{ID: "a", AccessToken: "s"}
	return c
}

func assigned(id string) *agentedge.StreamPingsResponse {
	return &agentedge.StreamPingsResponse{Action: &agentedge.StreamPingsResponse_JobAssigned{
		JobAssigned: &agentedge.JobAssignedAction{Job: &agentedge.Job{Id: id}},
	}}
}

func TestStreamOrders(t *testing.T) {
	t.Parallel()
	c := streamed(t, script{messages: []*agentedge.StreamPingsResponse{
		{Action: &agentedge.StreamPingsResponse_Resume{Resume: &agentedge.ResumeAction{}}},
		{Action: &agentedge.StreamPingsResponse_Keepalive{Keepalive: &agentedge.KeepaliveAction{}}},
		assigned("j"),
		{Action: &agentedge.StreamPingsResponse_Pause{Pause: &agentedge.PauseAction{}}},
		{Action: &agentedge.StreamPingsResponse_Disconnect{Disconnect: &agentedge.DisconnectAction{}}},
		{},
	}})
	var got []Order
	messages, err := c.Stream(t.Context(), func(o Order) error {
		got = append(got, o)
		return nil
	})
	want := []Order{{Action: Idle}, {Action: Keepalive}, {Action: Run, JobID: "j"}, {Action: PauseAgent}, {Action: Leave}, {Action: Idle}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || messages != 6 {
		t.Errorf("%d messages, %v, -want +got:\n%s", messages, err, diff)
	}
}

func TestStreamEnds(t *testing.T) {
	t.Parallel()
	errObey := errors.New("enough")
	obey := func(Order) error { return nil }
	tests := map[string]struct {
		stream        script
		obey          func(Order) error
		over, expired bool
		errors        map[string]int
	}{
		"cleanly":       {script{}, obey, false, true, map[string]int{}},
		"recycled":      {script{end: connect.NewError(connect.CodeDeadlineExceeded, nil)}, obey, false, true, map[string]int{"stream: deadline_exceeded": 1}},
		"going away":    {script{end: connect.NewError(connect.CodeUnavailable, nil)}, obey, false, false, map[string]int{"stream: unavailable": 1}},
		"session ended": {script{end: connect.NewError(connect.CodeUnauthenticated, nil)}, obey, true, false, map[string]int{"stream: unauthenticated": 1}},
		"job without an id": {
			script{messages: []*agentedge.StreamPingsResponse{assigned("")}}, obey, false, false, map[string]int{"stream: internal": 1},
		},
		"by its user": {
			script{messages: []*agentedge.StreamPingsResponse{assigned("j")}}, func(Order) error { return errObey }, false, false, map[string]int{},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := streamed(t, test.stream)
			_, err := c.Stream(t.Context(), test.obey)
			if StreamOver(err) != test.over || StreamExpired(err) != test.expired {
				t.Errorf("%v: over %v, expired %v; want %v, %v", err, StreamOver(err), StreamExpired(err), test.over, test.expired)
			}
			if diff := cmp.Diff(test.errors, c.Errors.All()); diff != "" {
				t.Errorf("errors: -want +got:\n%s", diff)
			}
		})
	}
}

func TestNoStreamsHere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	_, err := newClient(t, server.URL, Sleep).Stream(t.Context(), func(Order) error { return nil })
	if !StreamOver(err) {
		t.Errorf("got %v, want an error after which agents only poll", err)
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	tests := map[string]error{
		"503":                &StatusError{Status: 503},
		"undecodable answer": errUndecodable{io.ErrUnexpectedEOF},
		"timeout":            context.DeadlineExceeded,
		"connection refused": syscall.ECONNREFUSED,
		"connection reset":   syscall.ECONNRESET,
		"connection closed":  io.ErrUnexpectedEOF,
		"unavailable":        connect.NewError(connect.CodeUnavailable, nil),
		"other":              errors.New("x"),
	}
	for want, err := range tests {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := Kind(fmt.Errorf("call: %w", err)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestLogIsWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(0, 5000).Draw(t, "size")
		piece := rapid.IntRange(1, 2000).Draw(t, "piece")
		written, sequence := int64(0), 0
		for chunk := range NewLog(size, piece).Chunks {
			sequence++
			if chunk.Sequence != sequence || chunk.Offset != written || chunk.Size > piece {
				t.Fatalf("chunk %d at %d of %d bytes, want %d at %d of at most %d", chunk.Sequence, chunk.Offset, chunk.Size, sequence, written, piece)
			}
			r, err := gzip.NewReader(bytes.NewReader(chunk.Gzip))
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, r)
			if err != nil || n != int64(chunk.Size) {
				t.Fatalf("chunk unpacks to %d bytes, %v; want %d", n, err, chunk.Size)
			}
			written += n
		}
		if written != size {
			t.Fatalf("log has %d bytes, want %d", written, size)
		}
	})
}
