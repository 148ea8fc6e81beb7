package rest

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/blob/file"
	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/accounts"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/service/annotations"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/service/pipelines"
	"github.com/bridle-ci/bridle/internal/service/schedules"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// world is the API over the real services on a fresh database.
type world struct {
	storetest.World
	st        *store.Store
	api       *API
	tasks     *queue.Queue
	builds    *builds.Service
	logs      *logs.Service
	artifacts *artifacts.Service
	schedules *schedules.Service
	// log is everything that was logged, which is nothing unless the server failed.
	log *strings.Builder
	// token is the admin's, with every scope.
	token string
}

// scheduledBuilds lets schedules make builds.
type scheduledBuilds struct{ builds *builds.Service }

func (s scheduledBuilds) CreateInTx(ctx context.Context, tx *sqldb.Tx, p store.Pipeline, in schedules.NewBuild) (string, error) {
	b, err := s.builds.CreateInTx(ctx, tx, p, builds.NewBuild{
		Commit: in.Commit, Branch: in.Branch, Message: in.Message, Env: in.Env, Source: "schedule", CreatorID: in.CreatorID,
	})
	return b.ID, err
}

// testBase is the external address; the API is called under others, as behind a proxy.
const testBase = "https://ci.example.com"

func newWorld(tb testing.TB, edit ...func(*Config)) *world {
	tb.Helper()
	return newWorldOn(tb, storetest.Open(tb), edit...)
}

func newWorldOn(tb testing.TB, st *store.Store, edit ...func(*Config)) *world {
	tb.Helper()
	w := &world{World: storetest.NewWorld(tb, st), st: st, log: &strings.Builder{}}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	hints := local.New()
	tasks := queue.New(st.DB(), queue.Config{Log: log})
	w.tasks = tasks
	agentsService := agents.New(agents.Options{Store: st, Queue: tasks, Bus: hints, Log: log})
	w.builds = builds.New(builds.Options{
		Store: st, Queue: tasks, Bus: hints, Log: log, BaseURL: testBase, JobKey: []byte("a key of tests"),
	})
	blobs, err := file.Open(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	w.artifacts, err = artifacts.New(tb.Context(), artifacts.Config{Store: st, Queue: tasks, Bus: hints, Blobs: blobs, BaseURL: testBase})
	if err != nil {
		tb.Fatal(err)
	}
	w.logs, err = logs.New(logs.Config{
		Store: st, Queue: tasks, Bus: hints, Blobs: blobs, Artifacts: w.artifacts, Dir: tb.TempDir(), Log: log,
	})
	if err != nil {
		tb.Fatal(err)
	}
	w.schedules = schedules.New(schedules.Options{Store: st, Queue: tasks, Builder: scheduledBuilds{w.builds}, Log: log})
	c := Config{
		Services: Services{
			Accounts:    accounts.New(st, log, accounts.WithBus(hints)),
			Agents:      agentsService,
			Annotations: annotations.New(annotations.Config{Store: st, Bus: hints, Artifacts: w.artifacts}),
			Artifacts:   w.artifacts,
			Builds:      w.builds,
			Logs:        w.logs,
			Pipelines:   pipelines.New(pipelines.Options{Store: st, Queue: tasks, Blobs: blobs, Log: log}),
			Schedules:   w.schedules,
		},
		BaseURL: testBase,
		Log:     log,
	}
	for _, f := range edit {
		f(&c)
	}
	w.api = New(c)
	w.token = w.newToken(tb, access.AllScopes...)
	tb.Cleanup(func() {
		if w.log.Len() > 0 && !tb.Failed() {
			tb.Errorf("the server logged:\n%s", w.log)
		}
	})
	return w
}

// newToken returns the secret of a token of the admin with scopes.
func (w *world) newToken(tb testing.TB, scopes ...access.Scope) string {
	tb.Helper()
	return storetest.APIToken(tb, w.st, w.Organization, w.Admin, func(t *store.APIToken) { t.Scopes = scopes }).ID
}

// response is an answer with its body read.
type response struct {
	*http.Response
	body []byte
}

func (r response) message() string {
	var body errorBody
	_ = json.Unmarshal(r.body, &body)
	return body.Message
}

// into decodes the body.
func (r response) into(tb testing.TB, v any) {
	tb.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		tb.Fatalf("decode %s: %v", r.body, err)
	}
}

// want fails the test unless the answer has a status.
func (r response) want(tb testing.TB, status int) response {
	tb.Helper()
	if r.StatusCode != status {
		tb.Fatalf("status %d, want %d: %s", r.StatusCode, status, r.body)
	}
	return r
}

// wantError fails the test unless the answer is an error with a message.
func (r response) wantError(tb testing.TB, status int, message string) {
	tb.Helper()
	if r.StatusCode != status || r.message() != message {
		tb.Errorf("%d %q, want %d %q", r.StatusCode, r.message(), status, message)
	}
}

// do sends a request as the admin. A path that does not begin with a slash is below the organization.
func (w *world) do(tb testing.TB, method, path, body string, edit ...func(*http.Request)) response {
	tb.Helper()
	if !strings.HasPrefix(path, "/") {
		path = w.path(path)
	}
	r := httptest.NewRequest(method, "http://internal:8080"+path, strings.NewReader(body)).WithContext(tb.Context())
	r.Header.Set("Authorization", "Bearer "+w.token)
	for _, f := range edit {
		f(r)
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	res := rec.Result()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return response{res, raw}
}

func (w *world) get(tb testing.TB, path string, edit ...func(*http.Request)) response {
	tb.Helper()
	return w.do(tb, http.MethodGet, path, "", edit...)
}

// path is a path below the organization.
func (w *world) path(rest string) string {
	return "/v2/organizations/" + w.Organization.Slug + "/" + rest
}

// header sets a header of a request.
func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// as sends a request with another token.
func as(token string) func(*http.Request) { return header("Authorization", "Bearer "+token) }

// uploaded adds finished artifacts with these paths to a job and returns their ids.
func (w *world) uploaded(tb testing.TB, job store.Job, paths ...string) []string {
	tb.Helper()
	ids := make([]string, len(paths))
	batch := store.NewID()
	storetest.Write(tb, w.st, func(tx *sqldb.Tx) error {
		rows := make([]store.Artifact, len(paths))
		for i, path := range paths {
			ids[i] = store.NewID()
			rows[i] = store.Artifact{
				ID: ids[i], OrganizationID: job.OrganizationID, BuildID: job.BuildID, JobID: job.ID, BatchID: batch,
				Position: i, State: store.ArtifactFinished, Path: path, ContentType: "text/plain", FileSize: 3,
				SHA1Sum: "a9993e364706816aba3e25717850c26c9cd0d89d", BlobKey: "test/" + ids[i], CreatedAt: tx.Now(),
			}
		}
		return store.InsertArtifacts(tb.Context(), tx, rows)
	})
	return ids
}
