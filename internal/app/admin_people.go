package app

import (
	"context"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/accounts"
)

// NewOrganization is an organization to make.
type NewOrganization struct {
	Slug string
	// Name is the slug when it is empty.
	Name string
	// Admin is the email address of its first admin, who may be known already.
	Admin     string
	AdminName string
}

// CreateOrganization makes an organization with what one begins with, except for tokens, and returns its id.
func (a *Admin) CreateOrganization(ctx context.Context, in NewOrganization) (string, error) {
	if in.Name == "" {
		in.Name = in.Slug
	}
	o, err := a.accounts.CreateOrganization(ctx, accounts.NewOrganization{
		Slug: in.Slug, Name: in.Name, Admin: accounts.Person{Email: in.Admin, Name: in.AdminName},
		ClusterName: firstCluster, QueueKey: firstQueue,
	})
	return o.ID, err
}

// NewMember is somebody to make a member of an organization.
type NewMember struct {
	Organization string
	Email        string
	// Name is for who is not known yet.
	Name string
	Role access.Role
}

// AddMember makes somebody a member of an organization and returns the id of the user.
func (a *Admin) AddMember(ctx context.Context, in NewMember) (string, error) {
	u, err := a.accounts.AddMember(ctx, in.Organization, accounts.Person{Email: in.Email, Name: in.Name}, in.Role)
	if fault.Is(err, fault.NotFound) {
		err = fmt.Errorf("%w: name it with --organization (now %s)", err, in.Organization)
	}
	return u.ID, err
}
