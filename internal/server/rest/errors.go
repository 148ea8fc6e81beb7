package rest

import (
	"errors"
	"net/http"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

// The texts of errors that the API itself answers (contracts/rest/README.md, Errors).
const (
	authenticationRequired = "Authentication required. Please supply a valid API Access Token: " +
		"https://buildkite.com/docs/apis/rest-api#authentication"
	internalError = "Something went wrong on the server. Please try again, and tell its administrator the request id: "
)

// statusOf is the one table from kinds of errors to statuses. A conflict with the state of things is 422 here: the
// contract has 409 only for requests that will succeed by waiting.
var statusOf = map[fault.Kind]int{
	fault.Malformed:       http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Locked:          http.StatusConflict,
	fault.Gone:            http.StatusGone,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Conflict:        http.StatusUnprocessableEntity,
	fault.NotConfigured:   http.StatusUnprocessableEntity,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// errorBody is the object `error` of the contract.
type errorBody struct {
	Message string        `json:"message"`
	Errors  []fault.Field `json:"errors,omitempty"`
}

// fail answers a request with an error. What is no fault is the server's own: it is logged here, in full and once, and
// the client gets the id to ask about.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if limit := (*limitExceeded)(nil); errors.As(err, &limit) {
		a.writeLimit(w, r, limit)
		return
	}
	var f *fault.Error
	if !errors.As(err, &f) || statusOf[f.Kind] == 0 {
		if r.Context().Err() == nil {
			a.Log.ErrorContext(r.Context(), "request failed", "error", err, "method", r.Method, "path", r.URL.Path,
				"request_id", w.Header().Get(wire.RequestIDHeader))
		}
		a.writeInternal(w, r)
		return
	}
	body := errorBody{Message: f.Message, Errors: f.Fields}
	switch f.Kind {
	case fault.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="Bridle"`)
		body.Message = authenticationRequired
	case fault.Unavailable:
		a.Log.WarnContext(r.Context(), "request answered with unavailable", "error", err,
			"request_id", w.Header().Get(wire.RequestIDHeader))
	}
	a.writeError(w, r, statusOf[f.Kind], body)
}

func (a *API) writeInternal(w http.ResponseWriter, r *http.Request) {
	a.writeError(w, r, http.StatusInternalServerError, errorBody{
		Message: internalError + w.Header().Get(wire.RequestIDHeader),
	})
}

func (a *API) writeError(w http.ResponseWriter, r *http.Request, status int, body any) {
	if err := wire.WriteJSON(w, r, status, body); err != nil {
		a.Log.ErrorContext(r.Context(), "write error", "error", err)
	}
}

// malformed is an answer for a request that cannot be read.
func malformed(format string, args ...any) error { return fault.New(fault.Malformed, format, args...) }
