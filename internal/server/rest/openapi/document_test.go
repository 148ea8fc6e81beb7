package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
)

func describe(t *testing.T, served ...openapi.Served) *openapi3.T {
	t.Helper()
	raw, err := openapi.Document(openapi.About{Title: "Test", Version: "1", BaseURL: "https://ci.example.com"}, served)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestWholeContract proves that every row of the API's host can be described, served or not.
func TestWholeContract(t *testing.T) {
	t.Parallel()
	contract, err := openapi.ReadContract()
	if err != nil {
		t.Fatal(err)
	}
	var served []openapi.Served
	for _, row := range contract.Rows {
		if row.Host == "api" {
			served = append(served, openapi.Served{ID: row.ID, Public: row.Auth == "none", Scopes: row.Scopes})
		}
	}
	operations := 0
	for _, item := range describe(t, served...).Paths.Map() {
		operations += len(item.Operations())
	}
	if operations < len(served) {
		t.Errorf("%d operations for %d rows", operations, len(served))
	}
}

func TestUnknownRow(t *testing.T) {
	t.Parallel()
	_, err := openapi.Document(openapi.About{}, []openapi.Served{{ID: "no.such"}})
	if err == nil || !strings.Contains(err.Error(), "describe no.such") {
		t.Errorf("got %v", err)
	}
}

// schemaOf returns a schema inside a document as JSON, for comparisons.
func schemaOf(t *testing.T, doc *openapi3.T, object, property string) string {
	t.Helper()
	value := doc.Components.Schemas[object].Value
	if property != "" {
		raw, err := json.Marshal(value.Properties[property])
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	raw, err := json.Marshal(value.Required)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	doc := describe(t,
		openapi.Served{ID: "builds.get"}, openapi.Served{ID: "builds.list"}, openapi.Served{ID: "jobs.list"}, openapi.Served{ID: "clusters.queues.create"})
	for name, tt := range map[string]struct{ object, property, want string }{
		"nullable text":    {"build", "cancel_reason", `"type":["string","null"]`},
		"nullable object":  {"build", "creator", `"anyOf":[{"$ref":"#/components/schemas/user"},{"type":"null"}]`},
		"time":             {"build", "created_at", `"format":"date-time"`},
		"array of objects": {"build", "jobs", `"items":{"$ref":"#/components/schemas/job"}`},
		"map of texts":     {"build", "meta_data", `"additionalProperties":{"type":"string"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := schemaOf(t, doc, tt.object, tt.property); !strings.Contains(got, tt.want) {
				t.Errorf("no %s in %s", tt.want, got)
			}
		})
	}
	t.Run("what a parameter leaves out is not required", func(t *testing.T) {
		t.Parallel()
		required := schemaOf(t, doc, "build", "")
		if strings.Contains(required, `"jobs"`) || !strings.Contains(required, `"number"`) {
			t.Errorf("required are %s", required)
		}
	})
	t.Run("one of several objects", func(t *testing.T) {
		t.Parallel()
		job := doc.Components.Schemas["job"].Value
		if len(job.OneOf) != 4 || job.Discriminator == nil || job.Discriminator.PropertyName != "type" {
			t.Errorf("%d kinds, discriminator %+v", len(job.OneOf), job.Discriminator)
		}
	})
	t.Run("a page with cursors", func(t *testing.T) {
		t.Parallel()
		op := doc.Paths.Find("/v2/organizations/{org}/pipelines/{pipeline}/builds/{build}/jobs").Get
		page := op.Responses.Value("200").Value.Content["application/json"].Schema.Value
		if got := page.Properties["items"].Value.Items.Ref; got != "#/components/schemas/job" {
			t.Errorf("items are %q", got)
		}
	})
	t.Run("no object that is not used", func(t *testing.T) {
		t.Parallel()
		if doc.Components.Schemas["team"] != nil || doc.Components.Schemas["pipeline"] == nil {
			t.Error("the objects are not those that are referred to")
		}
	})
}

func TestSecurity(t *testing.T) {
	t.Parallel()
	doc := describe(t,
		openapi.Served{ID: "meta.get", Public: true}, openapi.Served{ID: "emojis.list"},
		openapi.Served{ID: "organizations.agent_tokens.list", Scopes: []string{"read_agents"}, Instead: "read_clusters"})
	for path, want := range map[string][]map[string][]string{
		"/v2/meta":                             {},
		"/v2/organizations/{org}/emojis":       {{"token": {}}},
		"/v2/organizations/{org}/agent-tokens": {{"token": {"read_agents"}}, {"token": {"read_clusters"}}},
	} {
		got := []map[string][]string{}
		for _, way := range *doc.Paths.Find(path).Get.Security {
			got = append(got, way)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// TestLeftovers proves that what is left for old clients alone says so.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	doc := describe(t, openapi.Served{ID: "agents.delete"}, openapi.Served{ID: "agents.get"})
	for method, want := range map[string]bool{"DELETE": true, "GET": false} {
		if got := doc.Paths.Find("/v2/organizations/{org}/agents/{agent}").GetOperation(method).Deprecated; got != want {
			t.Errorf("%s is deprecated: %v, want %v", method, got, want)
		}
	}
}
