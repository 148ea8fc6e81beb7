package rest

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/limits"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// limited returns a world whose organization and user may send so many requests a minute. The clock stands 18 seconds
// into a minute.
func limited(t *testing.T, organization, user int) *world {
	now := func() time.Time { return time.Date(2026, 1, 31, 9, 30, 18, 0, time.UTC) }
	return newWorld(t, func(c *Config) {
		c.Now, c.Budgets = now, NewBudgets(organization, user, wire.NewWindows(Window, now), now)
	})
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	names := []string{
		"RateLimit-Scope", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Warning",
		"RateLimit-User-Scope", "RateLimit-User-Limit", "RateLimit-User-Remaining", "RateLimit-User-Reset",
		"RateLimit-User-Warning", "Retry-After",
	}
	const warning = "You have exceeded your API rate limit."
	tests := map[string]struct {
		organization, user int
		headers            []string
		status             int
		body               string
	}{
		"within both": {
			200, 50, []string{"rest", "200", "197", "42", "", "rest_user", "50", "47", "42", "", ""}, 200, "",
		},
		"user's exceeded": {
			200, 2,
			[]string{"rest", "200", "197", "42", "", "rest_user", "2", "0", "42", warning, "42"},
			429,
			`{"message":"You have exceeded your API rate limit. Please wait 42 seconds before making more requests.","scope":"rest_user","limit":2,"current":3,"reset":42}`,
		},
		"organization's exceeded": {
			2, 50,
			[]string{"rest", "2", "0", "42", warning, "rest_user", "50", "47", "42", "", "42"},
			429,
			`{"message":"You have exceeded your API rate limit. Please wait 42 seconds before making more requests.","scope":"rest","limit":2,"current":3,"reset":42}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := limited(t, tt.organization, tt.user)
			w.get(t, "/v2/user")
			w.get(t, "/v2/user")
			res := w.get(t, "/v2/user").want(t, tt.status)
			var got []string
			for _, name := range names {
				got = append(got, res.Header.Get(name))
			}
			if diff := cmp.Diff(tt.headers, got); diff != "" {
				t.Errorf("headers differ (-want +got):\n%s", diff)
			}
			if tt.body != "" {
				if diff := cmp.Diff(tt.body, string(res.body)); diff != "" {
					t.Errorf("body differs (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestRateLimitOfTwoNodes proves that what one node has let through counts on the other.
func TestRateLimitOfTwoNodes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		now := func() time.Time { return time.Date(2026, 1, 31, 9, 30, 18, 0, time.UTC) }
		budgets := func() Budgets {
			return NewBudgets(200, 2, wire.NewShared(limits.New(st, Window, now), Window, now, nil), now)
		}
		one := newWorldOn(t, st, func(c *Config) { c.Now, c.Budgets = now, budgets() })
		two := *one
		config := one.api.Config
		config.Budgets = budgets()
		two.api = New(config)

		one.get(t, "/v2/user").want(t, 200)
		res := two.get(t, "/v2/user").want(t, 200)
		if left := res.Header.Get("RateLimit-User-Remaining"); left != "0" {
			t.Errorf("%s requests are left", left)
		}
		res = one.get(t, "/v2/user").want(t, 429)
		want := `{"message":"You have exceeded your API rate limit. Please wait 42 seconds before making more requests.",` +
			`"scope":"rest_user","limit":2,"current":3,"reset":42}`
		if diff := cmp.Diff(want, string(res.body)); diff != "" || res.Header.Get("Retry-After") != "42" {
			t.Errorf("Retry-After %q, body differs (-want +got):\n%s", res.Header.Get("Retry-After"), diff)
		}
		two.get(t, "/v2/user").want(t, 429)
	})
}

func TestRateLimitIsShown(t *testing.T) {
	t.Parallel()
	w := limited(t, 200, 50)
	w.get(t, "/v2/user")
	want := `{"scopes":{"rest":{"limit":200,"current":2,"reset":42,"reset_at":"2026-01-31T09:31:00Z","enforced":true},` +
		`"graphql":{"limit":20000,"current":0,"reset":0,"reset_at":"2026-01-31T09:30:18Z","enforced":false}}}`
	if diff := cmp.Diff(want, string(w.get(t, "rate_limit").want(t, 200).body)); diff != "" {
		t.Errorf("body differs (-want +got):\n%s", diff)
	}
}

// TestRateLimitEnds waits for the next window.
func TestRateLimitEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := New(Config{Budgets: NewBudgets(1, 9, wire.NewWindows(Window, time.Now), time.Now)})
		c := &call{w: httptest.NewRecorder(), r: httptest.NewRequest(http.MethodGet, "/", nil), actor: access.Actor{OrganizationID: "acme"}}
		if err := a.spend(c); err != nil {
			t.Fatalf("first request: %v", err)
		}
		if err := a.spend(c); err == nil {
			t.Fatal("the second request was let through")
		}
		time.Sleep(time.Minute)
		if err := a.spend(c); err != nil {
			t.Fatalf("a minute later: %v", err)
		}
	})
}
