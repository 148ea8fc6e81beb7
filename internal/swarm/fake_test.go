package swarm

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
)

const (
	fakeAgentToken = "bkct_fake"
	fakeAPIToken   = "bkua_fake"
)

// fake is a control plane with one organization, cluster and queue. It holds clients to the contract: what an agent may
// not do at that point is refused, and noted as a violation.
type fake struct {
	// stepsPerBuild, when set, is what its pipelines have, whatever they were created with.
	stepsPerBuild int
	// refuse answers a call, by its name, with a status for the given number of times.
	refuse map[string]*refusal
	// stuck builds never pass.
	stuck bool
	// done is closed when the server stops.
	done chan struct{}

	mu         sync.Mutex
	agents     map[string]*fakeAgent // by session
	jobs       map[string]*fakeJob
	waiting    []string // jobs
	paused     bool
	pipelines  map[string]int // jobs of a build, by slug
	builds     [][]string     // jobs, by number - 1
	calls      map[string]int
	violations []string
}

type refusal struct{ status, times int }

type fakeAgent struct {
	id                      string
	connected, disconnected bool
	orders                  chan *agentedge.StreamPingsResponse // nil without a stream
	job                     string
}

type fakeJob struct {
	state string // scheduled, assigned, accepted, running, finished
	agent *fakeAgent
	next  int // sequence of the next chunk
	log   int64
}

func newFake() *fake {
	return &fake{
		refuse: map[string]*refusal{}, done: make(chan struct{}),
		agents: map[string]*fakeAgent{}, jobs: map[string]*fakeJob{}, pipelines: map[string]int{}, calls: map[string]int{},
	}
}

// serve starts the fake on a test's own port, over HTTP/1.1 and HTTP/2.
func (f *fake) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(f.handler())
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(func() {
		close(f.done)
		server.Close()
		for _, v := range f.violations {
			t.Error("contract: " + v)
		}
	})
	return server.URL
}

// errorAnswer is an answer other than success.
type errorAnswer struct {
	status  int
	message string
}

func (e errorAnswer) Error() string { return e.message }

// handler has every call the swarm makes, and no other.
func (f *fake) handler() http.Handler {
	mux := http.NewServeMux()
	on := func(pattern, name string, handle func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.calls[name]++
			answer, err := any(nil), error(nil)
			if no := f.refuse[name]; no != nil && no.times > 0 {
				no.times--
				err = errorAnswer{no.status, "refused by the test"}
			} else {
				answer, err = handle(r)
			}
			respond(w, r, answer, err)
		})
	}
	on("POST /v3/register", "register", f.register)
	on("POST /v3/connect", "connect", f.connect)
	on("POST /v3/disconnect", "disconnect", f.disconnect)
	on("POST /v3/heartbeat", "heartbeat", f.heartbeat)
	on("GET /v3/ping", "ping", f.ping)
	on("PUT /v3/jobs/{job}/accept", "accept", f.accept)
	on("PUT /v3/jobs/{job}/start", "start", f.startJob)
	on("POST /v3/jobs/{job}/chunks", "chunk", f.chunk)
	on("PUT /v3/jobs/{job}/finish", "finish", f.finish)
	f.rest(on)
	path, stream := agentedge.NewAgentEdgeServiceHandler(f)
	mux.Handle(path, stream)
	mux.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	return mux
}

func respond(w http.ResponseWriter, r *http.Request, answer any, err error) {
	_, _ = io.Copy(io.Discard, r.Body)
	if size, ok := answer.(headSize); ok {
		w.Header().Set("Content-Length", strconv.FormatInt(int64(size), 10))
		return
	}
	if no := (errorAnswer{}); errors.As(err, &no) {
		w.WriteHeader(no.status)
		answer = map[string]string{"message": no.message}
	}
	if answer == nil {
		answer = struct{}{}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// violate notes a breach of the contract and answers with it.
func (f *fake) violate(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	f.violations = append(f.violations, text)
	return errorAnswer{http.StatusUnprocessableEntity, text}
}

func token(h http.Header) string {
	value, _ := strings.CutPrefix(h.Get("Authorization"), "Token ")
	return value
}

func (f *fake) register(r *http.Request) (any, error) {
	var in struct {
		Name     string   `json:"name"`
		MetaData []string `json:"meta_data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Name == "" || !slices.Equal(in.MetaData, []string{"queue=default"}) {
		return nil, f.violate("registration is %+v, %v", in, err)
	}
	if token(r.Header) != fakeAgentToken {
		return nil, errorAnswer{http.StatusUnauthorized, "no such token"}
	}
	a := &fakeAgent{id: fmt.Sprintf("agent-%d", len(f.agents)+1)}
	f.agents["session-"+a.id] = a
	return map[string]any{
		"id": a.id, "name": in.Name, "access_token": "session-" + a.id,
		"ping_interval": 1, "job_status_interval": 1, "heartbeat_interval": 1,
	}, nil
}

// session returns the agent of a request, which must be connected but for connect itself.
func (f *fake) session(h http.Header, connected bool) (*fakeAgent, error) {
	a := f.agents[token(h)]
	if a == nil || a.connected != connected || a.disconnected {
		return nil, f.violate("call with session %q at the wrong time", token(h))
	}
	return a, nil
}

func (f *fake) connect(r *http.Request) (any, error) {
	a, err := f.session(r.Header, false)
	if err == nil {
		a.connected = true
	}
	return nil, err
}

func (f *fake) disconnect(r *http.Request) (any, error) {
	a, err := f.session(r.Header, true)
	if err == nil {
		a.disconnected, a.orders = true, nil
	}
	return nil, err
}

func (f *fake) heartbeat(r *http.Request) (any, error) {
	_, err := f.session(r.Header, true)
	return map[string]string{"sent_at": "x", "received_at": "y"}, err
}

func (f *fake) ping(r *http.Request) (any, error) {
	a, err := f.session(r.Header, true)
	if err != nil {
		return nil, err
	}
	if a.job == "" && len(f.waiting) > 0 && !f.paused {
		f.assign(a)
	}
	if a.job != "" && f.jobs[a.job].state == "assigned" {
		return map[string]any{"job": map[string]string{"id": a.job}}, nil
	}
	return map[string]string{"action": "idle"}, nil
}

// assign gives an agent the next job.
func (f *fake) assign(a *fakeAgent) {
	a.job, f.waiting = f.waiting[0], f.waiting[1:]
	f.jobs[a.job].state, f.jobs[a.job].agent = "assigned", a
	if a.orders != nil {
		a.orders <- &agentedge.StreamPingsResponse{Action: &agentedge.StreamPingsResponse_JobAssigned{
			JobAssigned: &agentedge.JobAssignedAction{Job: &agentedge.Job{Id: a.job}},
		}}
	}
}

// dispatch gives jobs to agents with streams.
func (f *fake) dispatch() {
	for _, a := range f.agents {
		if len(f.waiting) == 0 || f.paused {
			return
		}
		if a.orders != nil && a.job == "" {
			f.assign(a)
		}
	}
}

var (
	resumeOrder = &agentedge.StreamPingsResponse{Action: &agentedge.StreamPingsResponse_Resume{Resume: &agentedge.ResumeAction{}}}
	pauseOrder  = &agentedge.StreamPingsResponse{Action: &agentedge.StreamPingsResponse_Pause{Pause: &agentedge.PauseAction{}}}
)

// StreamPings implements agentedge.AgentEdgeServiceHandler.
func (f *fake) StreamPings(ctx context.Context, in *connect.Request[agentedge.StreamPingsRequest], out *connect.ServerStream[agentedge.StreamPingsResponse]) error {
	a, orders, err := f.openStream(in)
	if err != nil {
		return err
	}
	defer f.closeStream(a)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.done:
			return connect.NewError(connect.CodeUnavailable, errors.New("going away"))
		case order := <-orders:
			if err := out.Send(order); err != nil {
				return err
			}
		}
	}
}

func (f *fake) openStream(in *connect.Request[agentedge.StreamPingsRequest]) (*fakeAgent, <-chan *agentedge.StreamPingsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls["stream"]++
	if no := f.refuse["stream"]; no != nil && no.times > 0 {
		no.times--
		return nil, nil, connect.NewError(connect.Code(no.status), errors.New("refused by the test"))
	}
	a, err := f.session(in.Header(), true)
	if err != nil || in.Msg.GetAgentId() != a.id || in.Msg.GetAgentVersion() == "" {
		_ = f.violate("stream of %q as %q", token(in.Header()), in.Msg.GetAgentId())
		return nil, nil, connect.NewError(connect.CodeUnauthenticated, errors.New("no such agent"))
	}
	a.orders = make(chan *agentedge.StreamPingsResponse, 10)
	a.orders <- resumeOrder
	f.dispatch()
	return a, a.orders, nil
}

func (f *fake) closeStream(a *fakeAgent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a.orders = nil
}

// jobIn returns the job of a request with its own token, in the state it must have.
func (f *fake) jobIn(r *http.Request, state string) (*fakeJob, error) {
	id := r.PathValue("job")
	j := f.jobs[id]
	if j == nil || j.state != state || token(r.Header) != "token-"+id {
		return nil, f.violate("%s %s with token %q: job is %+v", r.Method, r.URL.Path, token(r.Header), j)
	}
	return j, nil
}

func (f *fake) accept(r *http.Request) (any, error) {
	a, err := f.session(r.Header, true)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("job")
	j := f.jobs[id]
	if j == nil || j.agent != a || j.state != "assigned" {
		return nil, f.violate("agent %s accepts job %s: %+v", a.id, id, j)
	}
	j.state = "accepted"
	return map[string]any{
		"id": id, "token": "token-" + id, "env": map[string]string{"BUILDKITE_JOB_ID": id},
		"chunks_max_size_bytes": 100 << 10, "log_max_size_bytes": 100 << 20,
	}, nil
}

func (f *fake) startJob(r *http.Request) (any, error) {
	j, err := f.jobIn(r, "accepted")
	if err == nil {
		j.state, j.next = "running", 1
	}
	return nil, err
}

// chunk takes the chunks of a job in order, each where the one before ended.
func (f *fake) chunk(r *http.Request) (any, error) {
	j, err := f.jobIn(r, "running")
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	sequence, _ := strconv.Atoi(query.Get("sequence"))
	offset, _ := strconv.ParseInt(query.Get("offset"), 10, 64)
	size, _ := strconv.ParseInt(query.Get("size"), 10, 64)
	unzipped, err := gzip.NewReader(r.Body)
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Content-Type") != "text/plain" {
		return nil, f.violate("chunk is not compressed: %v", err)
	}
	n, err := io.Copy(io.Discard, unzipped)
	if err != nil || sequence != j.next || offset != j.log || n != size {
		return nil, f.violate("chunk %s of %d bytes, %v, when %d from %d was due", r.URL.RawQuery, n, err, j.next, j.log)
	}
	j.next++
	j.log += n
	return nil, nil
}

func (f *fake) finish(r *http.Request) (any, error) {
	j, err := f.jobIn(r, "running")
	if err != nil {
		return nil, err
	}
	var in struct {
		ExitStatus        string `json:"exit_status"`
		FinishedAt        string `json:"finished_at"`
		ChunksFailedCount *int   `json:"chunks_failed_count"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.ExitStatus != "0" || in.FinishedAt == "" || in.ChunksFailedCount == nil {
		return nil, f.violate("finish is %+v, %v", in, err)
	}
	j.state, j.agent.job = "finished", ""
	if j.agent.orders != nil {
		j.agent.orders <- resumeOrder
	}
	f.dispatch()
	return nil, nil
}
