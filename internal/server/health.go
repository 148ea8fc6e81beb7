package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/server/wire"
)

// checkTimeout is how long one check may take before it counts as failed.
const checkTimeout = 5 * time.Second

// Check is one thing the process needs to do its work. Run returns what is wrong; it is the check that logs it.
type Check struct {
	Name string
	Run  func(context.Context) error
}

// healthy says that the process answers at all.
func healthy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n"))
}

// ready says whether the process can do its work, and else which checks failed. It gives no reasons: everybody may ask.
func ready(checks []Check) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		body := struct {
			Ready  bool     `json:"ready"`
			Failed []string `json:"failed"`
		}{Failed: failed(r.Context(), checks)}
		status := http.StatusOK
		if body.Ready = len(body.Failed) == 0; !body.Ready {
			status = http.StatusServiceUnavailable
		}
		_ = wire.WriteJSON(w, r, status, body) // a client that went away is nobody's error
	})
}

// failed runs the checks side by side and returns the names of those that fail, in their order.
func failed(ctx context.Context, checks []Check) []string {
	errs := make([]error, len(checks))
	var running sync.WaitGroup
	for i, check := range checks {
		running.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			errs[i] = check.Run(ctx)
		})
	}
	running.Wait()
	names := []string{}
	for i, check := range checks {
		if errs[i] != nil {
			names = append(names, check.Name)
		}
	}
	return names
}
