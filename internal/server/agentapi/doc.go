// Package agentapi is the API that agents, and the commands that jobs run, speak to: the REST calls under /v3 and the
// stream of pings at the host's root. It translates requests to use cases and their results to the bodies and statuses
// of docs/contract/agent-api.md. No rule is decided here.
//
// routes.go is the whole API at a glance. What a status means to an agent decides more than its text does: some
// statuses make it try again for minutes, others end it. errors.go has the table.
package agentapi

//go:generate go -C ../../../tools run ./protogen
