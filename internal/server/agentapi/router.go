package agentapi

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// router finds the row of a request. It is no http.ServeMux: ids, keys and contexts arrive percent-encoded and may hold
// whatever people write, `//` and `..` included, which that one answers with a redirect
// (docs/contract/agent-api.md, section 1).
type router map[shape][]route

// shape is what rows are looked up by before their segments are compared.
type shape struct {
	method   string
	segments int
}

func newRouter(routes []route) router {
	t := router{}
	for _, r := range routes {
		r.segments = strings.Split(strings.Trim(r.path, "/"), "/")
		s := shape{r.method, len(r.segments)}
		t[s] = append(t[s], r)
	}
	return t
}

// find returns the row of a request with the values of its placeholders. Empty segments do not count.
func (t router) find(r *http.Request) (route, map[string]string, bool) {
	segments := make([]string, 0, 8)
	for segment := range strings.SplitSeq(r.URL.EscapedPath(), "/") {
		if segment == "" {
			continue
		}
		text, err := url.PathUnescape(segment)
		if err != nil || !storable(text) {
			return route{}, nil, false
		}
		segments = append(segments, text)
	}
	for _, rt := range t[shape{r.Method, len(segments)}] {
		if params, ok := rt.match(segments); ok {
			return rt, params, true
		}
	}
	return route{}, nil, false
}

func (rt route) match(segments []string) (map[string]string, bool) {
	var params map[string]string
	for i, want := range rt.segments {
		name, isPlaceholder := strings.CutPrefix(want, ":")
		switch {
		case isPlaceholder:
			if params == nil {
				params = make(map[string]string, 2)
			}
			params[name] = segments[i]
		case want != segments[i]:
			return nil, false
		}
	}
	return params, true
}

// storable reports whether a database can hold a text: UTF-8 without NUL.
func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }
