package compat

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/bridle-ci/bridle/internal/server/rest/contracttest"
	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
)

// journal is what has been asked and answered of the contract.
type journal struct {
	mu sync.Mutex
	// methods are those of the official client that were answered as they should be, as Service.Method.
	methods map[string]bool
	rows    map[string]bool
	keys    map[string]bool
	// served are the groups of rows that a server describes.
	served []string
}

func newJournal() *journal {
	return &journal{methods: map[string]bool{}, rows: map[string]bool{}, keys: map[string]bool{}}
}

// recorder carries requests to a server, compares every answer with the contract, and writes down what it was about.
type recorder struct {
	t       *testing.T
	base    string
	journal *journal
}

// RoundTrip implements http.RoundTripper.
func (r recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	row, known := rowOf(request)
	if !known {
		return response, nil
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	r.record(contracttest.Answer{
		Row: row, Query: request.URL.Query(), Status: response.StatusCode, Header: response.Header, Body: body,
	}, clientMethods())
	return response, nil
}

func (r recorder) record(answer contracttest.Answer, methods []string) {
	checker, err := contracttest.New(r.base)
	if err != nil {
		r.t.Error(err)
		return
	}
	checker.Check(answer)
	for _, problem := range checker.Problems {
		r.t.Errorf("answer %d of %s", answer.Status, problem)
	}
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	for key := range checker.Seen {
		r.journal.keys[key] = true
	}
	if refusal, never := neverSucceeds[answer.Row.ID]; answer.Status < http.StatusBadRequest || never && refusal.status == answer.Status {
		r.journal.rows[answer.Row.ID] = true
		for _, method := range methods {
			r.journal.methods[method] = true
		}
	}
}

// refusal is the answer of a row that nothing on this installation can succeed with.
type refusal struct {
	status int
	reason string
}

var neverSucceeds = map[string]refusal{
	"agents.create":                 {http.StatusGone, "agents register themselves"},
	"pipelines.add_webhook":         {http.StatusUnprocessableEntity, "there is no account at a source host to act with"},
	"jobs.vnc_session":              {http.StatusUnprocessableEntity, "no agent is hosted"},
	"jobs.ssh_session":              {http.StatusUnprocessableEntity, "no agent is hosted"},
	"clusters.agent_images.get":     {http.StatusNotFound, "no agent is hosted"},
	"clusters.agent_images.create":  {http.StatusUnprocessableEntity, "no agent is hosted"},
	"clusters.agent_images.delete":  {http.StatusNotFound, "no agent is hosted"},
	"clusters.cache_volumes.delete": {http.StatusNotFound, "no agent is hosted"},
}

// contractMux finds the row of a request by its method and path.
var contractMux = sync.OnceValue(func() func(*http.Request) (openapi.Row, bool) {
	contract, err := openapi.ReadContract()
	if err != nil {
		panic(err)
	}
	mux, rows := http.NewServeMux(), map[string]openapi.Row{}
	for _, row := range contract.Rows {
		if row.Host != "api" || row.Status == "" {
			continue
		}
		for _, suffix := range append([]string{""}, row.PathSuffixes...) {
			pattern := row.Method + " " + row.Path + suffix
			if row.Path == "/" {
				pattern += "{$}"
			}
			if _, twice := rows[pattern]; !twice {
				rows[pattern] = row
				mux.Handle(pattern, http.NotFoundHandler())
			}
		}
	}
	return func(request *http.Request) (openapi.Row, bool) {
		_, pattern := mux.Handler(request)
		row, known := rows[pattern]
		return row, known
	}
})

func rowOf(request *http.Request) (openapi.Row, bool) { return contractMux()(request) }

// http is a client whose every answer is compared with the contract.
func (s *server) http() *http.Client {
	return &http.Client{Transport: recorder{t: s.t, base: s.url, journal: s.journal}}
}
