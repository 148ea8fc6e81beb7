package rest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
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
		// Nothing is counted here, but clients look for these in every answer.
		"RateLimit-Scope": "rest", "RateLimit-Limit": "200", "RateLimit-Remaining": "200", "RateLimit-Reset": "0",
		"RateLimit-User-Scope": "rest_user", "RateLimit-User-Limit": "50", "RateLimit-User-Remaining": "50",
		"RateLimit-User-Reset": "0", "RateLimit-Warning": "", "RateLimit-User-Warning": "",
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
	// Authorization is the one header that a wildcard does not stand for.
	allowed := strings.Split(h.Get("Access-Control-Allow-Headers"), ", ")
	if !slices.Contains(allowed, "Authorization") || !slices.Contains(allowed, "*") {
		t.Errorf("Access-Control-Allow-Headers are %q", allowed)
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
		fault.Malformed: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Locked: 409, fault.Gone: 410,
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
