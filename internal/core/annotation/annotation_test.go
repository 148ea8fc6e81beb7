package annotation_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/annotation"
	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change annotation.Change
		want   string
	}{
		"bare":             {annotation.Change{Body: "x"}, ""},
		"everything":       {annotation.Change{Context: "größe 🚀", Body: "x", Style: "warning", Priority: 10, Append: true}, ""},
		"longest context":  {annotation.Change{Context: strings.Repeat("ü", annotation.MaxContext)}, ""},
		"largest body":     {annotation.Change{Body: strings.Repeat("x", annotation.MaxBody)}, ""},
		"context too long": {annotation.Change{Context: strings.Repeat("x", annotation.MaxContext+1)}, "context is longer than 100 characters"},
		"control":          {annotation.Change{Context: "a\nb"}, "context has control characters or is not UTF-8"},
		"style":            {annotation.Change{Style: "danger"}, `style "danger" is none of default, success, info, warning, error`},
		"priority":         {annotation.Change{Priority: 11}, "priority 11 is not from 1 to 10"},
		"low priority":     {annotation.Change{Priority: -1}, "priority -1 is not from 1 to 10"},
		"body":             {annotation.Change{Body: "\xff"}, "body is not UTF-8"},
		"body too large":   {annotation.Change{Body: strings.Repeat("x", annotation.MaxBody+1)}, "body is larger than 1 MiB: it has 1048577 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.change.Check()
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCheckCompletes(t *testing.T) {
	t.Parallel()
	got, err := annotation.Change{Body: "a\x00b"}.Check()
	if err != nil || got.Context != "default" || got.Body != "a\uFFFDb" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	old := annotation.Content{Body: "old", Style: "info", Priority: 5}
	for name, c := range map[string]struct {
		change annotation.Change
		want   annotation.Content
	}{
		"replaces":       {annotation.Change{Body: "new"}, annotation.Content{Body: "new", Style: "info", Priority: 5}},
		"appends":        {annotation.Change{Body: "new", Append: true}, annotation.Content{Body: "oldnew", Style: "info", Priority: 5}},
		"style alone":    {annotation.Change{Style: "error"}, annotation.Content{Body: "old", Style: "error", Priority: 5}},
		"style, append":  {annotation.Change{Style: "error", Append: true}, annotation.Content{Body: "old", Style: "error", Priority: 5}},
		"priority alone": {annotation.Change{Priority: 1}, annotation.Content{Body: "old", Style: "info", Priority: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.change.Update(old)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Update (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := (annotation.Change{Body: strings.Repeat("x", annotation.MaxBody), Append: true}).Update(old); err == nil {
		t.Error("appending made a body larger than allowed")
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	got, err := annotation.Change{Body: "x", Append: true}.New()
	if want := (annotation.Content{Body: "x", Style: "default", Priority: 3}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := (annotation.Change{Style: "info"}).New(); err == nil {
		t.Error("an annotation without a body was made")
	}
}
