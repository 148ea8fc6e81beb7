// Package access decides who may do what. Every use case asks it before anything else; no other place knows.
//
// The contract is docs/contract/platform.md, section 2, and the scopes of contracts/rest/README.md.
package access

import (
	"slices"

	"github.com/bridle-ci/bridle/internal/core/fault"
)

// Role is a person's role in an organization.
type Role string

// The roles.
const (
	Admin  Role = "admin"
	Member Role = "member"
)

// Actor is who asks: a person by means of a token, or the machine itself. It belongs to one organization.
type Actor struct {
	OrganizationID   string
	OrganizationSlug string
	UserID           string
	TokenID          string
	Role             Role
	Scopes           []Scope
	// Maintains are the ids of the clusters the person maintains.
	Maintains []string
	// System is the installation's own work (schedules, trigger steps, `bridle run`): it may do everything.
	System bool
}

// HasScope reports whether the actor's token carries a scope. Scopes do not imply one another.
func (a Actor) HasScope(s Scope) bool { return a.System || slices.Contains(a.Scopes, s) }

// Check returns nil when the actor may do something within its organization, and else a Forbidden fault that names
// what is missing: first the scope, then the role.
func Check(a Actor, action Action) error {
	if err := CheckScopes(a, action); err != nil || a.System {
		return err
	}
	allowed := a.Role == Admin || (a.Role == Member && !rules[action].adminOnly)
	if !allowed {
		return forbidden()
	}
	return nil
}

// CheckCluster is Check for what belongs to a cluster, where its maintainers may do more than other members.
func CheckCluster(a Actor, action Action, clusterID string) error {
	if a.Role == Member && rules[action].maintainers && slices.Contains(a.Maintains, clusterID) {
		return CheckScopes(a, action)
	}
	return Check(a, action)
}

// CheckScopes is the first half of Check, for a use case that must find something before it can ask for the rest. An
// action without a rule is refused to everybody.
func CheckScopes(a Actor, action Action) error {
	rule, known := rules[action]
	if !known {
		return forbidden()
	}
	if rule.instead != "" && a.HasScope(rule.instead) {
		return nil
	}
	for _, scope := range rule.scopes {
		if !a.HasScope(scope) {
			return fault.New(fault.Forbidden, "Your access token doesn't have the %s scope", scope)
		}
	}
	return nil
}

func forbidden() error { return fault.New(fault.Forbidden, "Forbidden") }

// ScopesOf returns the scopes an action needs, for documentation and the `X-Accepted-OAuth-Scopes` header.
func ScopesOf(action Action) []Scope { return slices.Clone(rules[action].scopes) }

// ScopeInstead returns the scope that does as well as those of ScopesOf; empty is none.
func ScopeInstead(action Action) Scope { return rules[action].instead }

// MaintainedOnly returns the clusters that an action is limited to, or that it is not limited. Actors who may not do it
// at all are Forbidden.
func MaintainedOnly(a Actor, action Action) (clusterIDs []string, limited bool, err error) {
	if err := CheckScopes(a, action); err != nil {
		return nil, false, err
	}
	if Check(a, action) == nil {
		return nil, false, nil
	}
	if a.Role == Member && rules[action].maintainers && len(a.Maintains) > 0 {
		return slices.Clone(a.Maintains), true, nil
	}
	return nil, false, forbidden()
}
