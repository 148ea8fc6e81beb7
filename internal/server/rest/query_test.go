package rest

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/fault"
)

func parseQuery(t testing.TB, raw string) query {
	t.Helper()
	values, err := url.ParseQuery(raw)
	if err != nil {
		t.Fatal(err)
	}
	return query{values}
}

func TestQueryList(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw  string
		want []string
	}{
		"absent":      {"", nil},
		"one":         {"state=a", []string{"a"}},
		"an array":    {"state[]=a&state[]=b", []string{"a", "b"}},
		"both forms":  {"state[]=b&state=a", []string{"a", "b"}},
		"blank":       {"state=&state[]=", nil},
		"others only": {"stat=a&state[0]=b", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseQuery(t, tt.raw).list("state")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("values differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQueryKeyed(t *testing.T) {
	t.Parallel()
	got, err := parseQuery(t, "meta_data[deploy]=true&meta_data[a[b]]=1&meta_data[]=x&meta_data=y&meta_data[z=w").keyed("meta_data")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"deploy": "true", "a[b]": "1"}, got); diff != "" {
		t.Errorf("values differ (-want +got):\n%s", diff)
	}
}

func TestQueryBool(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][2]bool{
		"x=true": {true, true}, "x=1": {true, true}, "x=false": {false, false}, "x=0": {false, false},
		"x=True": {true, true}, "x=FALSE": {false, false}, "": {true, false}, "x=": {true, false}, "x=maybe": {true, false},
	} {
		q := parseQuery(t, raw)
		if got := [2]bool{q.bool("x", true), q.bool("x", false)}; got != want {
			t.Errorf("%q is %v, want %v", raw, got, want)
		}
	}
}

func TestQueryTime(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
	for _, raw := range []string{
		"from=2026-01-31T10:30:00%2B01:00", "from=2026-01-31T10:30:00+01:00", "from=2026-01-31T10:30:00.000+0100",
		"from=2026-01-31+09:30:00", "from=2026-01-31T04:30:00-05:00",
	} {
		if got, err := parseQuery(t, raw).time("from"); err != nil || got == nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", raw, got, err, want)
		}
	}
	if got, err := parseQuery(t, "").time("from"); got != nil || err != nil {
		t.Errorf("no time = %v, %v", got, err)
	}
	if _, err := parseQuery(t, "from=yesterday").time("from"); !fault.Is(err, fault.Malformed) {
		t.Errorf("no time: %v", err)
	}
}

func TestQueryLimits(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("state[]=a&", maxFilterValues+1)
	if _, err := parseQuery(t, many).list("state"); !fault.Is(err, fault.Malformed) {
		t.Errorf("too many values: %v", err)
	}
	for _, raw := range []string{"state=%00", "state=%ff"} {
		if _, err := parseQuery(t, raw).list("state"); !fault.Is(err, fault.Malformed) {
			t.Errorf("list of %s: %v", raw, err)
		}
		if _, err := parseQuery(t, raw).text("state"); !fault.Is(err, fault.Malformed) {
			t.Errorf("text of %s: %v", raw, err)
		}
	}
}

// FuzzQuery proves that what comes out of a query can be stored, or is refused as malformed.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "state=a&state[]=b", "meta_data[a]=b", "meta_data[%00]=b", "state=%ff", "from=2026-01-01", "%zz=1;2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		values, _ := url.ParseQuery(raw)
		q := query{values}
		check := func(texts []string, err error) {
			if err != nil && !fault.Is(err, fault.Malformed) {
				t.Fatalf("an error of another kind: %v", err)
			}
			for _, text := range texts {
				if err == nil && !storable(text) {
					t.Fatalf("%q came through", text)
				}
			}
		}
		list, err := q.list("state")
		check(list, err)
		keyed, err := q.keyed("meta_data")
		for key, value := range keyed {
			check([]string{key, value}, err)
		}
		_, err = q.time("from")
		check(nil, err)
		text, err := q.text("state")
		check([]string{text}, err)
	})
}
