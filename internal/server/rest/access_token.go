package rest

import (
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

// accessTokenObject is the object `access_token`.
type accessTokenObject struct {
	UUID        string         `json:"uuid"`
	Scopes      []access.Scope `json:"scopes"`
	Description string         `json:"description"`
	CreatedAt   wire.Time      `json:"created_at"`
	ExpiresAt   *wire.Time     `json:"expires_at"`
	User        tokenUser      `json:"user"`
}

// tokenUser is the object `token_user`.
type tokenUser struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (a *API) getAccessToken(c *call) error {
	token, user, err := a.Accounts.Token(c.r.Context(), c.actor)
	if err != nil {
		return err
	}
	scopes := token.Scopes
	if scopes == nil {
		scopes = []access.Scope{}
	}
	return c.ok(accessTokenObject{
		UUID:        token.ID,
		Scopes:      scopes,
		Description: token.Description,
		CreatedAt:   wire.Time(token.CreatedAt),
		ExpiresAt:   wire.TimePtr(token.ExpiresAt),
		User:        tokenUser{Name: user.Name, Email: user.Email},
	})
}

func (a *API) revokeAccessToken(c *call) error {
	if err := a.Accounts.RevokeToken(c.r.Context(), c.actor); err != nil {
		return err
	}
	return c.noContent()
}
