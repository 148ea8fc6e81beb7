package agentapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/store"
)

// notes returns the annotations of a build as `scope context style priority body`.
func (w *world) notes(b store.Build) []string {
	w.t.Helper()
	list, err := store.ListAnnotations(w.t.Context(), w.st.Read(), store.AnnotationFilter{BuildID: b.ID}, store.Page{Limit: 100})
	must(w.t, err)
	texts := []string{}
	for _, a := range list {
		texts = append(texts, strings.Join([]string{a.Scope, a.Context, a.Style, a.Body}, "|"))
	}
	return texts
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	annotate := func(body map[string]any) error {
		_, err := j.Call(t.Context(), http.MethodPost, "annotations", body, nil)
		return err
	}
	remove := func(context, scope string) error {
		_, err := j.Call(t.Context(), http.MethodDelete, "annotations/"+strings.ReplaceAll(url.PathEscape(context), ".", "%2E")+"?scope="+scope, nil, nil)
		return err
	}
	must(t, annotate(map[string]any{"body": "one", "scope": "build", "priority": 3}))
	must(t, annotate(map[string]any{"body": " two", "scope": "build", "append": true, "style": "error"}))
	if diff := cmp.Diff([]string{"build|default|error|one two"}, w.notes(b)); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	must(t, annotate(map[string]any{"style": "info", "scope": "build"}))
	must(t, annotate(map[string]any{"body": "mine", "scope": "job"}))
	must(t, remove("default", "build"))
	if diff := cmp.Diff([]string{"job|default|default|mine"}, w.notes(b)); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	wantStatus(t, remove("default", "build"), http.StatusNotFound)
	must(t, remove("default", "job"))

	for _, context := range []string{"ctx.1", "a/b", "https://example.com/x", "..", ".", "ümlaut %2F ?#", " "} {
		if err := annotate(map[string]any{"body": "x", "context": context}); err != nil {
			t.Errorf("context %q: %v", context, err)
		}
		if err := remove(context, "build"); err != nil {
			t.Errorf("remove context %q: %v", context, err)
		}
	}
	for name, body := range map[string]map[string]any{
		"body too long":    {"body": strings.Repeat("x", 1<<20+1)},
		"context too long": {"body": "x", "context": strings.Repeat("x", 101)},
		"style":            {"body": "x", "style": "loud"},
		"scope":            {"body": "x", "scope": "world"},
		"priority":         {"body": "x", "priority": 11},
	} {
		if wantStatus(t, annotate(body), http.StatusUnprocessableEntity); t.Failed() {
			t.Fatal(name)
		}
	}
	if got := w.notes(b); len(got) != 0 {
		t.Errorf("refused annotations were kept: %q", got)
	}
}
