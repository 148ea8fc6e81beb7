package contracttest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/server/rest/contracttest"
	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
)

const (
	base  = "https://ci.example.com"
	right = `{
		"id": "0190d1b2-0000-7000-8000-000000000000", "graphql_id": "T3JnYW5pemF0aW9uLS0tMDE5MGQxYjItMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAw",
		"url": "https://ci.example.com/v2/organizations/acme", "web_url": "https://ci.example.com/acme",
		"name": "Acme", "slug": "acme", "pipelines_url": "https://ci.example.com/v2/organizations/acme/pipelines",
		"agents_url": "https://ci.example.com/v2/organizations/acme/agents", "emojis_url": "https://ci.example.com/v2/organizations/acme/emojis",
		"created_at": "2026-01-02T03:04:05.678Z"}`
)

// check returns what a checker says of an answer, and what it saw.
func check(t *testing.T, id string, a contracttest.Answer) *contracttest.Checker {
	t.Helper()
	c, err := contracttest.New(base)
	if err != nil {
		t.Fatal(err)
	}
	contract, err := openapi.ReadContract()
	if err != nil {
		t.Fatal(err)
	}
	var known bool
	if a.Row, known = contract.Row(id); !known {
		t.Fatalf("no row %s", id)
	}
	c.Check(a)
	return c
}

// with returns the right organization with another value of a key, and without the key for nil.
func with(t *testing.T, key string, value any) []byte {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(right), &object); err != nil {
		t.Fatal(err)
	}
	object[key] = value
	if value == nil {
		delete(object, key)
	}
	body, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestObject(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body []byte
		want string // empty for no problem
	}{
		"right":          {[]byte(right), ""},
		"missing key":    {with(t, "slug", nil), "organizations.get: slug is missing"},
		"unknown key":    {with(t, "plan", "free"), "organizations.get: plan is no key of organization"},
		"null":           {[]byte(strings.Replace(right, `"Acme"`, "null", 1)), "organizations.get.name: is null"},
		"wrong type":     {with(t, "name", 7), "organizations.get.name: is the number 7 and no string"},
		"whole seconds":  {with(t, "created_at", "2026-01-02T03:04:05Z"), `organizations.get.created_at: "2026-01-02T03:04:05Z" is no time as the contract writes it`},
		"other base":     {with(t, "url", "http://internal/v2"), `organizations.get.url: "http://internal/v2" does not begin with the external base`},
		"no global id":   {with(t, "graphql_id", "abc"), `organizations.get.graphql_id: "abc" is no GraphQL id`},
		"no uuid":        {with(t, "id", "7"), `organizations.get.id: "7" is no UUID`},
		"an array":       {[]byte(`[]`), "organizations.get: is []interface {} and no object"},
		"no JSON at all": {[]byte(`<p>`), "organizations.get: no JSON: invalid character '<' looking for beginning of value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := check(t, "organizations.get", contracttest.Answer{Status: http.StatusOK, Body: tt.body})
			if diff := cmp.Diff(tt.want, strings.Join(c.Problems, "\n")); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if tt.want == "" && (!c.Seen["organization.slug"] || c.Seen["organization.repository"]) {
				t.Errorf("seen %v", c.Seen)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	text := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	for name, tt := range map[string]struct {
		row    string
		answer contracttest.Answer
		want   string
	}{
		"error":                {"user.get", contracttest.Answer{Status: 403, Body: []byte(`{"message": "Forbidden"}`)}, ""},
		"error without reason": {"user.get", contracttest.Answer{Status: 403, Body: []byte(`{"message": ""}`)}, "user.get: is 403 without a message"},
		"error as text":        {"user.get", contracttest.Answer{Status: 404, Body: []byte(`gone`)}, "user.get: is 404 without a JSON object: gone"},
		"error with more keys": {"user.get", contracttest.Answer{Status: 422, Body: []byte(`{"message": "x", "code": 1}`)}, "user.get: code is no key of error"},
		"fault of the server":  {"user.get", contracttest.Answer{Status: 500, Body: []byte(`{"message": "x"}`)}, `user.get: is the server's fault: 500 {"message": "x"}`},
		"rate limit":           {"user.get", contracttest.Answer{Status: 429, Body: []byte(`{"message": "x"}`)}, "user.get: scope is missing\nuser.get: limit is missing\nuser.get: current is missing\nuser.get: reset is missing"},
		"other success":        {"user.get", contracttest.Answer{Status: 201, Body: []byte(`{}`)}, "user.get: has the status 201 and not 200"},
		"no content":           {"agents.stop", contracttest.Answer{Status: 204}, ""},
		"content":              {"agents.stop", contracttest.Answer{Status: 204, Body: []byte(`{}`)}, "agents.stop: has the body {}"},
		"variant":              {"jobs.log", contracttest.Answer{Status: 206, Header: text, Body: []byte("log")}, ""},
		"variant of others":    {"user.get", contracttest.Answer{Status: 200, Header: text, Body: []byte("ann")}, "user.get: no JSON: invalid character 'a' looking for beginning of value"},
		"dropped": {
			"builds.list", contracttest.Answer{Status: 200, Query: url.Values{"exclude_jobs": {"true"}}, Body: []byte(`[{}]`)}, "builds.list[0]: pipeline is missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := check(t, tt.row, tt.answer).Problems
			if name == "dropped" { // which has nothing of a build: it is about two of its keys
				if joined := strings.Join(got, "\n"); !strings.Contains(joined, tt.want) || strings.Contains(joined, "jobs is missing") {
					t.Errorf("problems %q", got)
				}
				return
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNullIsNotSeen proves that only values count.
func TestNullIsNotSeen(t *testing.T) {
	t.Parallel()
	c := check(t, "pipelines.github_webhooks.get", contracttest.Answer{Status: http.StatusOK, Body: []byte(`{
		"url": "https://ci.example.com/v2/x", "enabled": true, "disabled_at": null, "disabled_by": null}`)})
	if diff := cmp.Diff(map[string]bool{"github_webhooks.url": true, "github_webhooks.enabled": true}, c.Seen); diff != "" || len(c.Problems) > 0 {
		t.Errorf("problems %q, seen (-want +got):\n%s", c.Problems, diff)
	}
}
