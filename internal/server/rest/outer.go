package rest

import (
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bridle-ci/bridle/internal/server/wire"
)

// maxAddress is how many bytes the path and the query of a request may have: a filter with maxFilterValues values of 255
// bytes fits.
const maxAddress = 32 << 10

// outer is what every request passes before the route table: an id, a watch over panics, cross-origin headers and a
// path in one form.
func (a *API) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := a.Now()
		h := w.Header()
		h.Set(wire.RequestIDHeader, wire.RequestID(r))
		h.Set("Cache-Control", "max-age=0, private, must-revalidate")
		h.Set("X-Content-Type-Options", "nosniff")
		setCORS(h)
		rec := &wire.Recorder{ResponseWriter: w, BeforeHeader: func() {
			h.Set("X-Runtime", strconv.FormatFloat(a.Now().Sub(began).Seconds(), 'f', 6, 64))
		}}
		r = normalized(r)
		defer func() {
			if a.Observe != nil {
				a.Observe(a.ids[r.Pattern], rec.Status, a.Now().Sub(began))
			}
		}()
		defer a.recoverPanic(rec, r)

		switch {
		case r.Method == http.MethodOptions:
			rec.WriteHeader(http.StatusNoContent)
		case len(r.RequestURI) > maxAddress:
			a.writeError(rec, r, http.StatusRequestURITooLong, errorBody{
				Message: "The address of the request is longer than " + strconv.Itoa(maxAddress) + " bytes: use fewer or shorter filters",
			})
		case !storable(r.URL.Path):
			a.unknownRoute(rec, r)
		default:
			next.ServeHTTP(rec, r)
		}
	})
}

// setCORS lets pages of any origin call the API: it takes no cookies, so a page can do nothing its user gave it no token
// for (contracts/rest/README.md, Bodies, content types, CORS).
func setCORS(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-None-Match, Range, *")
	h.Set("Access-Control-Expose-Headers", "Link, RateLimit-Remaining, RateLimit-Limit, RateLimit-Reset, X-OAuth-Scopes")
	h.Set("Access-Control-Max-Age", "86400")
}

// recoverPanic answers a request whose handler panicked, and logs the panic once.
func (a *API) recoverPanic(rec *wire.Recorder, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	a.Log.ErrorContext(r.Context(), "request panicked", "panic", p, "method", r.Method, "path", r.URL.Path,
		"request_id", rec.Header().Get(wire.RequestIDHeader), "stack", string(debug.Stack()))
	if rec.Status != 0 {
		panic(http.ErrAbortHandler) // the client must not take what it got for the whole
	}
	a.writeInternal(rec, r)
}

// normalized returns the request with a path that has no trailing and no doubled slash: clients join base addresses and
// paths in every way, and a redirect would turn their POST into a GET.
func normalized(r *http.Request) *http.Request {
	out := new(http.Request)
	*out = *r
	u := *r.URL
	out.URL = &u
	escaped := u.EscapedPath()
	clean := path.Clean("/" + escaped)
	if decoded, err := url.PathUnescape(clean); err == nil && clean != escaped {
		u.Path, u.RawPath = decoded, clean
	}
	return out
}

// storable reports whether a database can hold a text: UTF-8 without NUL.
func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }
