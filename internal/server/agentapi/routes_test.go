package agentapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/server/agentapi"
	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
	"github.com/bridle-ci/bridle/internal/store"
)

// raw sends a request as it is and returns the status and the message of the answer, which has to be JSON.
func (w *world) raw(method, path, token, body string) (int, string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(body))
	must(w.t, err)
	if token != "" {
		request.Header.Set("Authorization", "Token "+token)
	}
	response, err := w.server.HTTP.Do(request)
	must(w.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	must(w.t, err)
	var out struct{ Message string }
	if err := json.Unmarshal(raw, &out); err != nil && len(raw) > 0 && raw[0] == '{' || len(raw) == 0 && response.StatusCode != http.StatusNoContent {
		w.t.Errorf("%s %s: status %d with body %q", method, path, response.StatusCode, raw)
	}
	return response.StatusCode, out.Message
}

func TestEveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - command: one\n")
	a := w.agent()
	j := w.take(a)
	fill := strings.NewReplacer(":job", j.ID, ":build", b.ID, ":step", "x", ":context", "default", ":upload", store.NewID(), ":registry", "~")
	for _, rt := range agentapi.Routes() {
		path := fill.Replace(rt.Path)
		for name, token := range map[string]string{"no token": "", "wrong token": "bkaa_wrong"} {
			status, message := w.raw(rt.Method, path, token, "{}")
			if status != http.StatusUnauthorized || message == "" {
				t.Errorf("%s %s with %s: status %d, message %q", rt.Method, rt.Path, name, status, message)
			}
		}
		for _, body := range []string{`[]`, `"x"`, `{`, `{"a":`, "\xff", `{"key":1,"name":2,"exit_status":[],"started_at":{},"items":3,"artifacts":"x","pipeline":1,"body":2,"timeout":{},"force":"y","header_times":1,"note":1,"attribute":1}`, strings.Repeat("[", 20000)} {
			for _, token := range []string{w.token, a.Session, j.Token} {
				if rt.Path == "/v3/disconnect" && token == a.Session || strings.HasSuffix(rt.Path, "/cancel") {
					continue
				}
				if status, message := w.raw(rt.Method, path, token, body); status/100 == 5 {
					t.Errorf("%s %s with %.30q: status %d, %q", rt.Method, rt.Path, body, status, message)
				}
			}
		}
	}
}

func TestUnknownRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/v3", "/v3/", "/v3/nothing", "/v3/jobs", "/v3/stacks/register", "/v3/jobs/a/b/c/d/e"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch} {
			if status, message := w.raw(method, path, w.token, ""); status != http.StatusNotFound || message == "" {
				t.Errorf("%s %s: status %d, message %q", method, path, status, message)
			}
		}
	}
	if status, _ := w.raw(http.MethodGet, "/v3/jobs/%00/accept", w.token, ""); status != http.StatusNotFound {
		t.Errorf("NUL in a path: status %d", status)
	}
	if status, _ := w.raw(http.MethodGet, "//v3//ping/", w.agent().Session, ""); status != http.StatusOK {
		t.Errorf("doubled slashes: status %d", status)
	}
}

// The contract names every route as a method and a path; each has to be served.
func TestRoutesOfTheContract(t *testing.T) {
	t.Parallel()
	sheet, err := os.ReadFile("../../../docs/contract/agent-api.md")
	must(t, err)
	served := map[string]bool{}
	for _, rt := range agentapi.Routes() {
		segments := strings.Split(strings.TrimPrefix(rt.Path, "/v3"), "/")
		for i, s := range segments {
			if strings.HasPrefix(s, ":") {
				segments[i] = ":"
			}
		}
		served[rt.Method+" "+strings.Join(segments, "/")] = true
	}
	found := 0
	for text := range bytes.SplitSeq(sheet, []byte("`")) {
		method, path, ok := strings.Cut(string(text), " ")
		path, _, _ = strings.Cut(path, "?")
		if !ok || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \n<") || strings.HasPrefix(path, "/stacks/") {
			continue
		}
		switch method {
		case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete:
		default:
			continue
		}
		segments := strings.Split(path, "/")
		for i, s := range segments {
			if strings.HasPrefix(s, ":") || s == "J1" {
				segments[i] = ":"
			}
		}
		row := method + " " + strings.Join(segments, "/")
		found++
		if !served[row] {
			t.Errorf("%s is not served", row)
		}
	}
	if found < 40 {
		t.Errorf("only %d routes were found in the contract", found)
	}
}

func TestNotConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	for call, want := range map[[2]string]string{
		{http.MethodPost, "oidc/tokens"}:                     "OIDC tokens are not configured",
		{http.MethodGet, "secrets?key=A"}:                    "Secrets are not configured",
		{http.MethodPost, "repository_access_token"}:         "Repository credentials are not configured",
		{http.MethodPost, "github_code_access_token"}:        "Repository credentials are not configured",
		{http.MethodGet, "/cache_registries/~"}:              "Cache registry not found",
		{http.MethodPost, "/cache_registries/~/peek"}:        "Cache registry not found",
		{http.MethodPut, "/cache_registries/main/store"}:     "Cache registry not found",
		{http.MethodPut, "/cache_registries/main/commit"}:    "Cache registry not found",
		{http.MethodPost, "/cache_registries/main/retrieve"}: "Cache registry not found",
		{http.MethodPost, "/cache_registries/a%2Fb/expire"}:  "Cache registry not found",
	} {
		header, err := j.Call(t.Context(), call[0], call[1], map[string]any{}, nil)
		wantStatus(t, err, http.StatusNotFound)
		var e *agenttest.StatusError
		if !asStatus(err, &e) || !strings.HasPrefix(e.Message, want) {
			t.Errorf("%s %s: %v", call[0], call[1], err)
		}
		if !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
			t.Errorf("%s %s: Content-Type %q", call[0], call[1], header.Get("Content-Type"))
		}
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"sent_at":"` + strings.Repeat("x", 2<<20) + `"}`
	if status, _ := w.raw(http.MethodPost, "/v3/heartbeat", w.agent().Session, body); status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", status)
	}
}
