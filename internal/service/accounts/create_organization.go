package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// NewOrganization is an organization as asked for.
type NewOrganization struct {
	Slug string
	Name string
	// Admin is a person who is known already, or is made.
	Admin       Person
	ClusterName string
	QueueKey    string
}

// Person is somebody by email address. The name is for who is not known yet; empty is the address.
type Person struct {
	Email string
	Name  string
}

// CreateOrganization makes an organization with an admin and a default cluster with a default queue. It asks nobody for
// permission: it is for whoever runs the installation. Invalid is a field that cannot be what it is for, and a slug that
// is taken.
func (s *Service) CreateOrganization(ctx context.Context, in NewOrganization) (store.Organization, error) {
	if problem := text.RequiredProblem(in.Name, maxName); problem != "" {
		return store.Organization{}, fault.Reason("Name %s", problem)
	}
	if !ids.ValidSlug(in.Slug) {
		return store.Organization{}, fault.Reason("Slug may only have letters, digits and hyphens, and starts with no hyphen")
	}
	var o store.Organization
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		o = store.Organization{ID: store.NewID(), Slug: in.Slug, Name: in.Name, CreatedAt: tx.Now()}
		if err := store.InsertOrganization(ctx, tx, o); err != nil {
			return err
		}
		admin, err := addMember(ctx, tx, o.ID, in.Admin, access.Admin)
		if err != nil {
			return err
		}
		_, _, err = firstCluster(ctx, tx, o.ID, admin.ID, in.ClusterName, in.QueueKey)
		return err
	})
	if sqldb.IsUniqueOn(err, "organizations(slug)") {
		err = fault.Reason("Slug has already been taken")
	}
	if err != nil {
		return store.Organization{}, fmt.Errorf("create organization: %w", err)
	}
	return o, nil
}

// AddMember makes a person a member of an organization; who is not known yet becomes a user. It asks nobody for
// permission: it is for whoever runs the installation. Errors: NotFound for the organization, Invalid for an address that
// cannot be one, for another role than the two, and for who is a member already.
func (s *Service) AddMember(ctx context.Context, organizationSlug string, who Person, role access.Role) (store.User, error) {
	if role != access.Admin && role != access.Member {
		return store.User{}, fault.Reason("Role must be %s or %s", access.Admin, access.Member)
	}
	var u store.User
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		o, err := store.OrganizationBySlug(ctx, tx, organizationSlug)
		if err != nil {
			return missing(err, "organization")
		}
		u, err = addMember(ctx, tx, o.ID, who, role)
		return err
	})
	if err != nil {
		return store.User{}, fmt.Errorf("add member: %w", err)
	}
	return u, nil
}

func addMember(ctx context.Context, tx *sqldb.Tx, organizationID string, who Person, role access.Role) (store.User, error) {
	u, err := knownOrNew(ctx, tx, who)
	if err != nil {
		return store.User{}, err
	}
	_, err = store.GetMembership(ctx, tx, organizationID, u.ID)
	if err == nil {
		return store.User{}, fault.Reason("%s is a member already", u.Email)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return store.User{}, err
	}
	return u, store.InsertMembership(ctx, tx, store.Membership{
		OrganizationID: organizationID, UserID: u.ID, Role: role, CreatedAt: tx.Now(),
	})
}

// knownOrNew returns the user with an address, who is made if there is none.
func knownOrNew(ctx context.Context, tx *sqldb.Tx, who Person) (store.User, error) {
	if problem := text.RequiredProblem(who.Email, maxName); problem != "" {
		return store.User{}, fault.Reason("Email %s", problem)
	}
	if problem := text.Problem(who.Name, maxName); problem != "" {
		return store.User{}, fault.Reason("Name %s", problem)
	}
	u, err := store.UserByEmail(ctx, tx, who.Email)
	if !errors.Is(err, store.ErrNotFound) {
		return u, err
	}
	u = store.User{ID: store.NewID(), Name: who.Name, Email: who.Email, CreatedAt: tx.Now()}
	if u.Name == "" {
		u.Name = u.Email
	}
	return u, store.InsertUser(ctx, tx, u)
}

// firstCluster makes an organization's default cluster with its default queue.
func firstCluster(ctx context.Context, tx *sqldb.Tx, organizationID, creatorID, name, queueKey string) (store.Cluster, store.Queue, error) {
	cluster := store.Cluster{
		ID: store.NewID(), OrganizationID: organizationID, Name: name, IsDefault: true, CreatedByID: &creatorID, CreatedAt: tx.Now(),
	}
	queue := store.Queue{
		ID: store.NewID(), OrganizationID: organizationID, ClusterID: cluster.ID, Key: queueKey,
		RetryAgentAffinity: store.PreferWarmest, CreatedByID: &creatorID, CreatedAt: tx.Now(),
	}
	cluster.DefaultQueueID = &queue.ID
	if err := store.InsertCluster(ctx, tx, cluster); err != nil {
		return store.Cluster{}, store.Queue{}, err
	}
	return cluster, queue, store.InsertQueue(ctx, tx, queue)
}
