package rest

import (
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/store"
)

// userObject is the object `user`.
type userObject struct {
	ID        string    `json:"id"`
	GraphQLID string    `json:"graphql_id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	AvatarURL *string   `json:"avatar_url"`
	CreatedAt wire.Time `json:"created_at"`
}

// user returns a user's object; null for nobody.
func (o objects) user(u *store.User) *userObject {
	if u == nil {
		return nil
	}
	return &userObject{
		ID:        u.ID,
		GraphQLID: global(userType, u.ID),
		Name:      u.Name,
		Email:     u.Email,
		CreatedAt: wire.Time(u.CreatedAt),
	}
}

func (a *API) getUser(c *call) error {
	u, err := a.Accounts.User(c.r.Context(), c.actor)
	if err != nil {
		return err
	}
	return c.ok(c.objects().user(&u))
}
