package emoji_test

import (
	"encoding/xml"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/emoji"
)

func TestList(t *testing.T) {
	t.Parallel()
	all := emoji.List()
	if len(all) < 1000 {
		t.Fatalf("%d emoji", len(all))
	}
	seen := map[string]bool{}
	for _, e := range all {
		for _, name := range append([]string{e.Name}, e.Aliases...) {
			if seen[name] || name == "" {
				t.Errorf("%q names two emoji", name)
			}
			seen[name] = true
		}
		if again, ok := emoji.ByCode(e.Code()); !ok || again.Name != e.Name {
			t.Errorf("%s has the code %q of %q", e.Name, e.Code(), again.Name)
		}
		if err := xml.Unmarshal([]byte(e.SVG()), new(struct{})); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b emoji.Emoji) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	}) {
		t.Error("not in the order of names")
	}
}

func TestByCode(t *testing.T) {
	t.Parallel()
	got, ok := emoji.ByCode("1f44d")
	want := emoji.Emoji{Name: "+1", Aliases: []string{"thumbsup", "thumbs_up"}, Text: "👍"}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("%t (-want +got):\n%s", ok, diff)
	}
	for _, code := range []string{"", "1F44D", "zz", "61"} {
		if got, ok := emoji.ByCode(code); ok {
			t.Errorf("%q is %+v", code, got)
		}
	}
}
