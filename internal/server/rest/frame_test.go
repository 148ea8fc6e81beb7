package rest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.newToken(t, access.ReadUser, access.ReadBuilds)
	h := w.get(t, "/v2/user", as(token), header("Origin", "https://elsewhere.example.com")).want(t, 200).Header
	want := map[string]string{
		"Content-Type":                  "application/json; charset=utf-8",
		"Cache-Control":                 "max-age=0, private, must-revalidate",
		"X-OAuth-Scopes":                "read_user,read_builds",
		"X-Accepted-OAuth-Scopes":       "read_user",
		"Access-Control-Allow-Origin":   "*",
		"Access-Control-Expose-Headers": "Link, RateLimit-Remaining, RateLimit-Limit, RateLimit-Reset, X-OAuth-Scopes",
		"RateLimit-Limit":               "",
	}
	for name, value := range want {
		if got := h.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if _, err := uuid.Parse(h.Get("X-Request-Id")); err != nil {
		t.Errorf("X-Request-Id: %v", err)
	}
	if h.Get("X-Runtime") == "" {
		t.Error("no X-Runtime")
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.do(t, http.MethodOptions, "builds", "", header("Authorization", "")).want(t, 204).Header
	if got, want := h.Get("Access-Control-Allow-Methods"), "GET, POST, PUT, PATCH, DELETE, OPTIONS"; got != want {
		t.Errorf("Access-Control-Allow-Methods is %q, want %q", got, want)
	}
}

func TestConditionalGet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.get(t, "/v2/user").want(t, 200)
	again := w.get(t, "/v2/user", header("If-None-Match", first.Header.Get("ETag"))).want(t, 304)
	if len(again.body) > 0 {
		t.Errorf("304 with a body: %s", again.body)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.api)
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+"/v2/user", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || len(body) > 0 || res.ContentLength <= 0 {
		t.Errorf("HEAD: %d, %d bytes of %d, %v", res.StatusCode, len(body), res.ContentLength, err)
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.WebhookIPs = strings.Fields(strings.Repeat("192.0.2.1 ", 200)) })
	plain := w.get(t, "/v2/meta").want(t, 200)
	zipped := w.get(t, "/v2/meta", header("Accept-Encoding", "gzip")).want(t, 200)
	if got := zipped.Header.Get("Content-Encoding"); got != "gzip" || len(zipped.body) >= len(plain.body) {
		t.Fatalf("Content-Encoding %q, %d bytes of %d", got, len(zipped.body), len(plain.body))
	}
	reader, err := gzip.NewReader(strings.NewReader(string(zipped.body)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(plain.body), string(body)); diff != "" {
		t.Errorf("bodies differ (-plain +zipped):\n%s", diff)
	}
}

// brokenAccounts fails as no service should.
type brokenAccounts struct {
	Accounts
	fail func() error
}

func (b brokenAccounts) User(context.Context, access.Actor) (store.User, error) {
	return store.User{}, b.fail()
}

// TestServerErrors proves that what goes wrong inside is logged in full, once, and told to nobody.
func TestServerErrors(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("secret detail") },
		"panic": func() error { panic("secret detail") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &strings.Builder{}
			w := newWorld(t, func(c *Config) {
				c.Accounts, c.Log = brokenAccounts{c.Accounts, fail}, slog.New(slog.NewTextHandler(log, nil))
			})
			res := w.get(t, "/v2/user").want(t, 500)
			id := res.Header.Get("X-Request-Id")
			if res.message() != internalError+id || strings.Contains(string(res.body), "secret") {
				t.Errorf("body: %s", res.body)
			}
			if strings.Count(log.String(), "level=ERROR") != 1 || !strings.Contains(log.String(), "secret detail") ||
				!strings.Contains(log.String(), id) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

// TestKindsOfErrors is the table of kinds as clients see it.
func TestKindsOfErrors(t *testing.T) {
	t.Parallel()
	tests := map[fault.Kind]int{
		fault.Malformed: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Locked: 409,
		fault.TooLarge: 413, fault.Invalid: 422, fault.Conflict: 422, fault.NotConfigured: 422, fault.Limited: 429,
	}
	for kind, status := range tests {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *Config) {
				c.Accounts = brokenAccounts{c.Accounts, func() error {
					return fault.Wrap(kind, errors.New("cause"), "What to do next")
				}}
			})
			message := "What to do next"
			if kind == fault.Unauthenticated {
				message = authenticationRequired
			}
			w.get(t, "/v2/user").wantError(t, status, message)
		})
	}
}

func TestLargeBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxBody = 1000 })
	body := `{"branch": "` + strings.Repeat("a", 1000) + `"}`
	w.do(t, http.MethodPost, "pipelines/"+w.Pipeline.Slug+"/builds", body).
		wantError(t, 413, "The request body is larger than 1000 bytes")
}

func TestObserve(t *testing.T) {
	t.Parallel()
	type seen struct {
		route  string
		status int
	}
	var got []seen
	w := newWorld(t, func(c *Config) {
		c.Observe = func(route string, status int, _ time.Duration) { got = append(got, seen{route, status}) }
	})
	w.get(t, "/v2/user/")
	w.get(t, "/v2/user", as("bkua_unknown"))
	w.get(t, "/v2/nothing")
	w.get(t, "/")
	want := []seen{{"user.get", 200}, {"user.get", 401}, {"", 404}, {"meta.root", 200}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); diff != "" {
		t.Errorf("observations differ (-want +got):\n%s", diff)
	}
}

// limited returns a world whose organization and user may send so many requests a minute. The clock stands 18 seconds
// into a minute.
func limited(t *testing.T, organization, user int) *world {
	now := func() time.Time { return time.Date(2026, 1, 31, 9, 30, 18, 0, time.UTC) }
	return newWorld(t, func(c *Config) { c.Now, c.Budgets = now, NewBudgets(organization, user, now) })
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
		a := New(Config{Budgets: NewBudgets(1, 9, time.Now)})
		c := &call{w: httptest.NewRecorder(), actor: access.Actor{OrganizationID: "acme"}}
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
