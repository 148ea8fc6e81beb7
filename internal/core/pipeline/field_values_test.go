package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFieldValues(t *testing.T) {
	t.Parallel()
	fields := []Field{
		{Key: "name", Text: "Name", Required: true, Format: `[a-z]+`},
		{Key: "note", Text: "Note"},
		{Key: "stage", Select: "Stage", Required: true, Default: []string{"beta"}, Options: []Option{{Value: "beta"}, {Value: "live"}}},
		{Key: "zones", Select: "Zones", Multiple: true, Options: []Option{{Value: "a"}, {Value: "b"}}},
	}
	for _, c := range []struct {
		name    string
		given   map[string][]string
		want    map[string]string
		wantErr string
	}{
		{"defaults and empty ones are written", map[string][]string{"name": {"x"}}, map[string]string{"name": "x", "note": "", "stage": "beta", "zones": ""}, ""},
		{"several choices are joined", map[string][]string{"name": {"x"}, "zones": {"a", "b"}}, map[string]string{"name": "x", "note": "", "stage": "beta", "zones": "a\nb"}, ""},
		{"choices may come joined", map[string][]string{"name": {"x"}, "zones": {"a\nb"}}, map[string]string{"name": "x", "note": "", "stage": "beta", "zones": "a\nb"}, ""},
		{"newlines are normalized", map[string][]string{"name": {"x"}, "note": {"1\r\n2"}}, map[string]string{"name": "x", "note": "1\n2", "stage": "beta", "zones": ""}, ""},
		{"required", nil, nil, "`name` is required"},
		{"format is anchored", map[string][]string{"name": {"x1"}}, nil, "`name` does not have the format [a-z]+"},
		{"unknown option", map[string][]string{"name": {"x"}, "stage": {"gamma"}}, nil, "`stage` has no option \"gamma\""},
		{"single choice", map[string][]string{"name": {"x"}, "stage": {"beta", "live"}}, nil, "`stage` takes a single choice"},
		{"unknown field", map[string][]string{"name": {"x"}, "nope": {"1"}}, nil, "`nope` is not a field of this step"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := FieldValues(fields, c.given)
			if message := errorText(err); message != c.wantErr {
				t.Fatalf("error %q, want %q", message, c.wantErr)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
