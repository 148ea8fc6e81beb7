package rest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
)

// loadDescription reads the served document and validates it.
func (w *world) loadDescription(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(w.get(t, "/openapi.json", anonymous()).want(t, 200).body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatalf("the document is not valid: %v", err)
	}
	return doc
}

// operations are those of a document by id, as "METHOD path".
func operations(doc *openapi3.T) map[string]string {
	found := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			found[op.OperationID] = method + " " + path
		}
	}
	return found
}

// TestDescriptionIsTheRouteTable compares the document with the route table and the contract's rows, in all directions.
func TestDescriptionIsTheRouteTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := w.loadDescription(t)
	if doc.OpenAPI != openapi.Version || doc.Servers[0].URL != testBase {
		t.Errorf("version %s, servers %+v", doc.OpenAPI, doc.Servers[0])
	}
	found := operations(doc)
	for _, r := range routes {
		row, _ := contractRowOf(r.id)
		for _, suffix := range append([]string{""}, row.PathSuffixes...) {
			id, want := r.id+suffix, r.method+" "+r.path+suffix
			if found[id] != want {
				t.Errorf("%s is described as %q, and served as %q", id, found[id], want)
			}
			delete(found, id)
		}
		op := doc.Paths.Find(r.path).GetOperation(r.method)
		if op.Responses.Value(fmt.Sprint(row.SuccessStatus)) == nil {
			t.Errorf("%s: no answer %d", r.id, row.SuccessStatus)
		}
		compareSecurity(t, r, op)
		compareParameters(t, row, op)
	}
	for id, at := range found {
		t.Errorf("%s is described as %s, and not served", id, at)
	}
}

func compareSecurity(t *testing.T, r route, op *openapi3.Operation) {
	t.Helper()
	var got []string
	for _, way := range *op.Security {
		got = append(got, strings.Join(way["token"], ","))
	}
	var want []string
	if !r.public {
		var scopes []access.Scope
		for _, action := range r.actions {
			scopes = append(scopes, access.ScopesOf(action)...)
		}
		want = []string{access.JoinScopes(scopes)}
		for _, action := range r.actions {
			if instead := access.ScopeInstead(action); instead != "" {
				want = append(want, string(instead))
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s takes tokens with %q, described is %q", r.id, want, got)
	}
}

func compareParameters(t *testing.T, row contractRow, op *openapi3.Operation) {
	t.Helper()
	for _, q := range row.Query {
		if op.Parameters.GetByInAndName("query", q.Name) == nil && op.Parameters.GetByInAndName("query", q.Name+"[]") == nil {
			t.Errorf("%s: the parameter %s is not described", row.ID, q.Name)
		}
	}
	if (len(row.Body) > 0) != (op.RequestBody != nil) {
		t.Errorf("%s: a body of %d keys, described %v", row.ID, len(row.Body), op.RequestBody)
	}
}

// TestAnswersFollowTheDescription tells the story of every route again and validates its answers with the document.
func TestAnswersFollowTheDescription(t *testing.T) {
	t.Parallel()
	s := tell(t)
	doc := s.loadDescription(t)
	answers := 0
	s.heard = func(row contractRow, r *http.Request, res response) {
		answers++
		item := doc.Paths.Find(row.Path)
		err := openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{
				Request: r,
				Route:   &routers.Route{Spec: doc, Path: row.Path, PathItem: item, Method: row.Method, Operation: item.GetOperation(row.Method)},
			},
			Status: res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(res.body)),
			Options: &openapi3filter.Options{
				IncludeResponseStatus: true, MultiError: true, ExcludeResponseBody: row.ResponseShape == "text",
			},
		})
		if err != nil {
			t.Errorf("%s: %.2000v", row.ID, err)
		}
	}
	s.all()
	if answers < len(routes)-len(neverSucceeds) {
		t.Errorf("%d answers were validated", answers)
	}
}

func TestAnalyticsDescription(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, err := openapi3.NewLoader().LoadFromData(w.get(t, "/v2/analytics/openapi.yaml", anonymous()).want(t, 200).body)
	if err != nil {
		t.Fatal(err)
	}
	for id, at := range operations(doc) {
		if !strings.Contains(at, " /v2/analytics") {
			t.Errorf("%s is not the test engine's: %s", id, at)
		}
	}
}
