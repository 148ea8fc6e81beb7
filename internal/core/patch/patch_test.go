package patch_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/google/go-cmp/cmp"
)

func TestField(t *testing.T) {
	t.Parallel()
	old := "old"
	for name, c := range map[string]struct {
		field    patch.Field[string]
		optional *string
		required string
	}{
		"absent": {patch.Field[string]{}, &old, "old"},
		"null":   {patch.Null[string](), nil, ""},
		"value":  {patch.To("new"), new("new"), "new"},
		"empty":  {patch.To(""), new(""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			optional, required := new(old), old
			c.field.Apply(&optional)
			c.field.ApplyRequired(&required)
			if diff := cmp.Diff(c.optional, optional); diff != "" {
				t.Errorf("Apply (-want +got):\n%s", diff)
			}
			if required != c.required {
				t.Errorf("ApplyRequired: got %q, want %q", required, c.required)
			}
		})
	}
}
