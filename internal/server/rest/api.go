package rest

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// DefaultMaxBody is the size in bytes that a request body may have.
const DefaultMaxBody = 10 << 20

// Config is what the API is built of. Services must be set; the rest has defaults.
type Config struct {
	Services
	// BaseURL is the address clients know this server by, such as https://ci.example.com; every URL in a body begins
	// with it.
	BaseURL string
	// Budgets limit how many requests are answered; nil ones do not.
	Budgets Budgets
	// WebhookIPs are the addresses that outgoing webhooks come from, for `GET /v2/meta`.
	WebhookIPs []string
	// TrustedProxies may name the client in X-Forwarded-For.
	TrustedProxies []netip.Prefix
	// MaxBody is the size in bytes that a request body may have; 0 is DefaultMaxBody.
	MaxBody int64
	Log     *slog.Logger
	Now     func() time.Time
	// Observe, when set, is told of every request when it has been answered. Route is the id of the contract's row or
	// of what bodies link to, and empty for an unknown route.
	Observe func(route string, status int, took time.Duration)
}

// API answers the requests of REST v2. It is safe for concurrent use.
type API struct {
	Config
	urls      urls
	steps     stepsCache
	described descriptions
	mux       *http.ServeMux
	ids       map[string]string // of the mux's patterns to rows
	handler   http.Handler
}

// New returns the API.
func New(c Config) *API {
	c.MaxBody = cmp.Or(c.MaxBody, DefaultMaxBody)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	a := &API{
		Config:    c,
		urls:      urls{base: strings.TrimRight(c.BaseURL, "/")},
		described: describe(strings.TrimRight(c.BaseURL, "/")),
		mux:       http.NewServeMux(),
		ids:       map[string]string{},
	}
	for _, r := range slices.Concat(routes, linked) {
		for _, path := range r.paths() {
			pattern := r.method + " " + path
			a.ids[pattern] = r.id
			a.mux.Handle(pattern, a.serve(r))
		}
	}
	a.mux.HandleFunc("/", a.unknownRoute)
	a.handler = a.outer(compressed(a.mux))
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// serve is what a request meets once its route is known.
func (a *API) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{api: a, w: w, r: r, query: query{r.URL.Query()}}
		err := a.admit(c, rt)
		if err == nil {
			err = rt.handle(a, c)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	})
}

// unknownRoute answers a path or method that no row has: a method that is not served is no route either, as clients of
// this API know it. The methods that are served stand in Allow.
func (a *API) unknownRoute(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "/" {
			w.Header().Add("Allow", method)
		}
	}
	a.writeError(w, r, http.StatusNotFound, errorBody{
		Message: "No route matches " + strings.TrimPrefix(r.URL.Path, "/"),
	})
}

// compressed sends bodies with gzip to clients that take it. An answer to HEAD tells the size of the body itself, and
// a range is one of that body, so both are left alone.
func compressed(next http.Handler) http.Handler {
	zipped := gzhttp.GzipHandler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead || r.Header.Get("Range") != "" {
			next.ServeHTTP(w, r)
			return
		}
		zipped.ServeHTTP(w, r)
	})
}
