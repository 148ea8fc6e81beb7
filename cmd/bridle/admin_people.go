package main

import (
	"context"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/core/access"
)

type organizationCommand struct {
	Create createOrganizationCommand `cmd:"" help:"Make an organization and print its id."`
}

type createOrganizationCommand struct {
	administration
	Name     string `help:"Name of the organization; without it, the slug."`
	User     string `default:"admin@bridle.localhost" help:"Email address of its first admin, who may belong to other organizations."`
	UserName string `help:"Name of the admin, for one who is not known yet."`
}

// Help is shown below the flags.
func (createOrganizationCommand) Help() string {
	return `It gets a default cluster with the queue "default", and no tokens: make them next.

Example:

  bridle admin organization create --organization acme --name "Acme Inc" --user ada@example.com
  bridle admin token create --organization acme --user ada@example.com --scopes all
  bridle admin agent-token create --organization acme`
}

// Run makes an organization.
func (c createOrganizationCommand) Run(t terminal) error {
	return c.open(func(ctx context.Context, a *app.Admin) error {
		id, err := a.CreateOrganization(ctx, app.NewOrganization{
			Slug: c.Organization, Name: c.Name, Admin: c.User, AdminName: c.UserName,
		})
		return printLine(t, id, err)
	})
}

type memberCommand struct {
	Add addMemberCommand `cmd:"" help:"Make somebody a member of an organization and print the id of the user."`
}

type addMemberCommand struct {
	administration
	User     string `required:"" help:"Email address of the member, who may belong to other organizations."`
	UserName string `help:"Name of the member, for one who is not known yet."`
	Role     string `enum:"member,admin" default:"member" help:"What the member is: member or admin."`
}

// Help is shown below the flags.
func (addMemberCommand) Help() string {
	return `Members see and change all pipelines and builds. Admins manage clusters, agents and their tokens besides.

Example:

  bridle admin member add --user bob@example.com --user-name Bob
  bridle admin token create --user bob@example.com --scopes read_only`
}

// Run adds a member.
func (c addMemberCommand) Run(t terminal) error {
	return c.open(func(ctx context.Context, a *app.Admin) error {
		id, err := a.AddMember(ctx, app.NewMember{
			Organization: c.Organization, Email: c.User, Name: c.UserName, Role: access.Role(c.Role),
		})
		return printLine(t, id, err)
	})
}
