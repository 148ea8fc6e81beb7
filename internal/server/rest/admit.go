package rest

import (
	"fmt"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

// admit lets a call through to its handler, in the contract's order: token, budgets, organization, scopes
// (docs/contract/platform.md, section 2.4).
func (a *API) admit(c *call, rt route) error {
	if rt.public {
		return nil
	}
	if err := a.authenticate(c, rt); err != nil {
		return err
	}
	if err := a.spend(c); err != nil {
		return err
	}
	if slug := c.r.PathValue("org"); strings.Contains(rt.path, "{org}") && slug != c.actor.OrganizationSlug {
		return fault.Missing("organization")
	}
	for _, action := range rt.actions {
		if err := access.CheckScopes(c.actor, action); err != nil {
			return err
		}
	}
	return nil
}

func (a *API) authenticate(c *call, rt route) error {
	token := wire.BearerToken(c.r)
	if token == "" {
		return fault.New(fault.Unauthenticated, authenticationRequired)
	}
	actor, err := a.Accounts.Authenticate(c.r.Context(), token, wire.ClientIP(c.r, a.TrustedProxies))
	if err != nil {
		return fmt.Errorf("authenticate: %w", err)
	}
	c.actor = actor
	var accepted []access.Scope
	for _, action := range rt.actions {
		accepted = append(accepted, access.ScopesOf(action)...)
		if instead := access.ScopeInstead(action); instead != "" {
			accepted = append(accepted, instead)
		}
	}
	h := c.w.Header()
	h.Set("X-OAuth-Scopes", access.JoinScopes(actor.Scopes))
	h.Set("X-Accepted-OAuth-Scopes", access.JoinScopes(accepted))
	return nil
}
