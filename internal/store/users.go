package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// User is a person; a member of organizations.
type User struct {
	ID        string
	Name      string
	Email     string
	CreatedAt time.Time
}

// Membership is a user's place in an organization.
type Membership struct {
	OrganizationID string
	UserID         string
	Role           access.Role
	CreatedAt      time.Time
}

const userColumns = "id, name, email, created_at"

func scanUser(row scanner) (User, error) {
	var (
		u       User
		created int64
	)
	err := row.Scan(&u.ID, &u.Name, &u.Email, &created)
	u.CreatedAt = fromMicros(created)
	return u, err
}

// InsertUser adds a user. A taken email is a unique violation on "users(email)".
func InsertUser(ctx context.Context, q sqldb.Queryer, u User) error {
	_, err := q.Exec(ctx, "INSERT INTO users ("+userColumns+") VALUES ($1, $2, $3, $4)",
		u.ID, u.Name, u.Email, micros(u.CreatedAt))
	return err
}

// GetUser returns a user.
func GetUser(ctx context.Context, q sqldb.Queryer, id string) (User, error) {
	return one(ctx, q, scanUser, "SELECT "+userColumns+" FROM users WHERE id = $1", id)
}

// UserByEmail returns the user with an email address, compared as it is.
func UserByEmail(ctx context.Context, q sqldb.Queryer, email string) (User, error) {
	return one(ctx, q, scanUser, "SELECT "+userColumns+" FROM users WHERE email = $1", email)
}

// GetUsers returns those of the users that exist, by id.
func GetUsers(ctx context.Context, q sqldb.Queryer, ids []string) (map[string]User, error) {
	found := make(map[string]User, len(ids))
	r := NewReads(q)
	r.Users(ids, found)
	return found, r.Do(ctx)
}

const membershipColumns = "organization_id, user_id, role, created_at"

func scanMembership(row scanner) (Membership, error) {
	var (
		m       Membership
		created int64
	)
	err := row.Scan(&m.OrganizationID, &m.UserID, &m.Role, &created)
	m.CreatedAt = fromMicros(created)
	return m, err
}

// InsertMembership makes a user a member of an organization.
func InsertMembership(ctx context.Context, q sqldb.Queryer, m Membership) error {
	_, err := q.Exec(ctx, "INSERT INTO memberships ("+membershipColumns+") VALUES ($1, $2, $3, $4)",
		m.OrganizationID, m.UserID, string(m.Role), micros(m.CreatedAt))
	return err
}

// GetMembership returns a user's place in an organization; ErrNotFound is no member.
func GetMembership(ctx context.Context, q sqldb.Queryer, organizationID, userID string) (Membership, error) {
	return one(ctx, q, scanMembership, "SELECT "+membershipColumns+" FROM memberships WHERE organization_id = $1 AND user_id = $2",
		organizationID, userID)
}
