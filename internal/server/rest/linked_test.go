package rest

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// anonymous sends no token.
func anonymous() func(*http.Request) { return header("Authorization", "") }

// wantSVG fails the test unless the answer is a picture that can do nothing.
func (r response) wantSVG(t *testing.T) {
	t.Helper()
	if got := r.Header.Get("Content-Type"); got != "image/svg+xml; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	if got := r.Header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") {
		t.Errorf("Content-Security-Policy %q", got)
	}
	if err := xml.Unmarshal(r.body, new(struct{})); err != nil {
		t.Errorf("no SVG: %v", err)
	}
}

func TestEmojiAreDrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []emojiObject
	w.get(t, "emojis").want(t, 200).into(t, &all)
	found := false
	for _, e := range all {
		if e.Name != "rocket" {
			continue
		}
		found = true
		res := w.get(t, strings.TrimPrefix(e.URL, testBase), anonymous()).want(t, 200)
		res.wantSVG(t)
		if !strings.Contains(string(res.body), "🚀") {
			t.Errorf("drawn: %s", res.body)
		}
	}
	if !found || len(all) < 1000 {
		t.Errorf("no rocket among %d emoji", len(all))
	}
	for _, path := range []string{"/emojis/1f680.png", "/emojis/zz.svg", "/emojis/.svg", "/emojis/61.svg"} {
		w.get(t, path, anonymous()).wantError(t, 404, "No emoji found")
	}
}

func TestBadges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	storetest.Build(t, w.st, w.Pipeline, func(b *store.Build) { b.Branch, b.State = "main", build.Failed })
	storetest.Build(t, w.st, w.Pipeline, func(b *store.Build) { b.Branch, b.State = "side", build.Passed })
	var p struct {
		BadgeURL string `json:"badge_url"`
	}
	w.get(t, "pipelines/"+w.Pipeline.Slug).want(t, 200).into(t, &p)
	address := strings.TrimPrefix(p.BadgeURL, testBase)
	for query, status := range map[string]string{"": "passing", "?branch=main": "failing", "?branch=none": "unknown", "?step=none": "unknown"} {
		res := w.get(t, address+query, anonymous()).want(t, 200)
		res.wantSVG(t)
		if !strings.Contains(string(res.body), ">"+status+"<") {
			t.Errorf("%q: %s", query, res.body)
		}
		if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "no-cache") {
			t.Errorf("Cache-Control %q", got)
		}
		res = w.get(t, strings.TrimSuffix(address, ".svg")+".json"+query, anonymous()).want(t, 200)
		if got, want := string(res.body), `{"status":"`+status+`"}`; got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	drawn := w.get(t, address+"?style=square&theme=112233,445566,778899", anonymous()).want(t, 200)
	if !strings.Contains(string(drawn.body), "#112233") || strings.Contains(string(drawn.body), `rx="3"`) {
		t.Errorf("drawn: %s", drawn.body)
	}
	for _, path := range []string{"/badge/nobody.svg", "/badge/nobody", strings.TrimSuffix(address, "svg") + "png", "/badge/%ff.svg"} {
		if res := w.get(t, path, anonymous()); res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var catalog struct{ Linkset []catalogEntry }
	w.get(t, "/.well-known/api-catalog", anonymous()).want(t, 200).into(t, &catalog)
	if len(catalog.Linkset) != 2 || catalog.Linkset[0].Anchor != testBase+"/v2/analytics" {
		t.Fatalf("catalog %+v", catalog)
	}
	for _, entry := range catalog.Linkset {
		res := w.get(t, strings.TrimPrefix(entry.ServiceDesc[0].Href, testBase), anonymous()).want(t, 200)
		if got := res.Header.Get("Content-Type"); got != entry.ServiceDesc[0].Type {
			t.Errorf("%s is %s", entry.ServiceDesc[0].Href, got)
		}
		if !json.Valid(res.body) {
			t.Errorf("%s is not in the subset of YAML that JSON is", entry.ServiceDesc[0].Href)
		}
	}
}

// TestAgentTokensTakeEitherScope proves that clients of both times may have them.
func TestAgentTokensTakeEitherScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const body = `{"description": "t"}`
	for _, scope := range []access.Scope{access.WriteAgents, access.WriteClusters} {
		res := w.do(t, http.MethodPost, "agent-tokens", body, as(w.newToken(t, scope))).want(t, 201)
		if got, want := res.Header.Get("X-Accepted-OAuth-Scopes"), "write_agents,write_clusters"; got != want {
			t.Errorf("X-Accepted-OAuth-Scopes is %q", got)
		}
	}
	for _, scope := range []access.Scope{access.ReadAgents, access.ReadClusters} {
		var all []struct{ Token string }
		w.get(t, "agent-tokens", as(w.newToken(t, scope))).want(t, 200).into(t, &all)
		if len(all) != 2 || all[0].Token != "" {
			t.Errorf("tokens %+v", all)
		}
	}
	w.do(t, http.MethodPost, "agent-tokens", body, as(w.newToken(t, access.ReadClusters))).
		wantError(t, 403, "Your access token doesn't have the write_agents scope")
}

func TestSessionsAreNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	res := w.do(t, http.MethodPost, "jobs/"+w.Queue.ID+"/vnc-session", "")
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
}
