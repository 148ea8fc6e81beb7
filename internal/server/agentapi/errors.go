package agentapi

import (
	"errors"
	"net/http"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

const internalError = "Something went wrong on the server. Please try again, and tell its administrator the request id."

// errInternal is that sentence as the end of a stream.
var errInternal = shown(internalError)

// shown is an error whose text is a sentence for people.
type shown string

func (s shown) Error() string { return string(s) }

// statusOf is the one table from kinds of errors to statuses. Agents try again after 429 and 5xx alone, so nothing that
// time will not mend may have one of those; 423 is for a job whose dependencies are not done, which acquiring agents
// wait for (docs/contract/agent-api.md, sections 1 and 8).
var statusOf = map[fault.Kind]int{
	fault.Malformed:       http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.NotConfigured:   http.StatusNotFound,
	fault.Gone:            http.StatusGone,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Conflict:        http.StatusUnprocessableEntity,
	fault.Locked:          http.StatusLocked,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// statusError gives an error a status of its own where a call has other conventions than the table.
type statusError struct {
	error
	status int
}

func (e statusError) Unwrap() error { return e.error }

// withStatus answers errors of a kind with a status.
func withStatus(err error, kind fault.Kind, status int) error {
	if fault.Is(err, kind) {
		return statusError{err, status}
	}
	return err
}

// fail answers a request with an error. What is no fault is the server's own: it is logged here, in full and once.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *fault.Error
	if !errors.As(err, &f) || statusOf[f.Kind] == 0 {
		if r.Context().Err() == nil {
			a.Log.ErrorContext(r.Context(), "request failed", "error", err, "method", r.Method, "path", r.URL.Path,
				"request_id", w.Header().Get(wire.RequestIDHeader))
		}
		a.writeMessage(w, r, http.StatusInternalServerError, internalError)
		return
	}
	status := statusOf[f.Kind]
	if own := (statusError{}); errors.As(err, &own) {
		status = own.status
	}
	a.writeMessage(w, r, status, messageOf(f))
}

// messageOf is what people see of an error. Agents show the message alone, so invalid fields become part of it.
func messageOf(f *fault.Error) string {
	message := f.Message
	for i, field := range f.Fields {
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		message += separator + field.Field + " " + field.Code
	}
	return message
}

func (a *API) writeMessage(w http.ResponseWriter, r *http.Request, status int, message string) {
	body := struct {
		Message string `json:"message"`
	}{message}
	if err := wire.WriteJSON(w, r, status, body); err != nil {
		a.Log.ErrorContext(r.Context(), "write error", "error", err)
	}
}
