package agentapi

import "github.com/bridle-ci/bridle/internal/core/fault"

// These calls are answered with a status that is final: agents repeat others for minutes
// (docs/contract/agent-api.md, section 20, row 10).

func (a *API) noOIDC(*call) error {
	return fault.New(fault.NotConfigured, "OIDC tokens are not configured on this server")
}

func (a *API) noSecrets(c *call) error {
	return fault.New(fault.NotConfigured, "Secrets are not configured on this server, so there is no secret %.100q", c.r.URL.Query().Get("key"))
}

func (a *API) noRepositoryTokens(*call) error {
	return fault.New(fault.NotConfigured, "Repository credentials are not configured on this server. Give the agent's machine access to the repository.")
}

// noCache answers with the very text by which agents tell a registry that is not there from an entry that is not.
func (a *API) noCache(*call) error {
	return fault.New(fault.NotConfigured, "Cache registry not found")
}
