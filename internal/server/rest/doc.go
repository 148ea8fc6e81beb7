// Package rest is the REST API v2: it translates requests to use cases and their results to the bodies, statuses and
// headers of contracts/rest. No rule is decided here: what may be done, and to what, the services say.
//
// routes.go is the whole API at a glance. A request passes, in this order: request id, recovery, cross-origin headers,
// the route table, authentication, rate limits, the organization of the path, the token's scopes, and the handler.
package rest
