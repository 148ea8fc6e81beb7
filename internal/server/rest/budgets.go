package rest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/bridle-ci/bridle/internal/server/wire"
)

// The contract's budgets within a window of a minute and, for GraphQL, of five (contracts/rest/README.md, Rate limits).
const (
	DefaultRESTLimit     = 200
	DefaultRESTUserLimit = 50
	DefaultGraphQLLimit  = 20000
)

// Budgets are the two budgets of this API, which share a counter, and GraphQL's, which the API only shows. Nil ones do not
// limit.
type Budgets struct {
	REST     *wire.Budget
	RESTUser *wire.Budget
	GraphQL  *wire.Budget
}

// Window is the time that the limits of REST are for.
const Window = time.Minute

// NewBudgets returns budgets of so many requests within a Window, for an organization and for a user.
func NewBudgets(organization, user int, counter wire.Counter, now func() time.Time) Budgets {
	return Budgets{
		REST:     &wire.Budget{Scope: "rest", Limit: organization, Counter: counter, Now: now},
		RESTUser: &wire.Budget{Scope: "rest_user", Limit: user, Counter: counter, Now: now},
	}
}

// limitExceeded is the error of a request beyond a budget.
type limitExceeded struct{ wire.Usage }

func (e *limitExceeded) Error() string {
	return wire.LimitWarning + " Please wait " + strconv.Itoa(e.Reset) + " seconds before making more requests."
}

// spend counts a request on both budgets; either refuses it.
func (a *API) spend(c *call) error {
	var (
		draws    []wire.Draw
		prefixes []string
	)
	if b := a.Budgets.REST; b != nil {
		draws, prefixes = append(draws, wire.Draw{Budget: b, From: c.actor.OrganizationID}), append(prefixes, "RateLimit-")
	} else {
		notEnforced("rest", DefaultRESTLimit).SetHeaders(c.w.Header(), "RateLimit-")
	}
	if b := a.Budgets.RESTUser; b != nil {
		draws, prefixes = append(draws, wire.Draw{Budget: b, From: c.actor.UserID}), append(prefixes, "RateLimit-User-")
	} else {
		notEnforced("rest_user", DefaultRESTUserLimit).SetHeaders(c.w.Header(), "RateLimit-User-")
	}
	var exceeded error
	for i, usage := range wire.Spend(c.r.Context(), 1, draws...) {
		usage.SetHeaders(c.w.Header(), prefixes[i])
		if usage.Exceeded() && exceeded == nil {
			exceeded = &limitExceeded{usage}
		}
	}
	return exceeded
}

// notEnforced is what is shown of a budget that is off: the contract's, unused. Clients read these headers of every answer.
func notEnforced(scope string, limit int) wire.Usage { return wire.Usage{Scope: scope, Limit: limit} }

// writeLimit answers with 429. Clients wait for RateLimit-Reset or Retry-After and know nothing of the user's own
// header, so both tell the wait for the budget that refused.
func (a *API) writeLimit(w http.ResponseWriter, r *http.Request, e *limitExceeded) {
	w.Header().Set("RateLimit-Reset", strconv.Itoa(e.Reset))
	w.Header().Set("Retry-After", strconv.Itoa(e.Reset))
	a.writeError(w, r, http.StatusTooManyRequests, struct {
		Message string `json:"message"`
		Scope   string `json:"scope"`
		Limit   int    `json:"limit"`
		Current int    `json:"current"`
		Reset   int    `json:"reset"`
	}{e.Error(), e.Scope, e.Limit, e.Current, e.Reset})
}
