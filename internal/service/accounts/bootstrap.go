package accounts

import (
	"context"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// maxName bounds the characters of a name.
const maxName = 255

// Bootstrap is what an empty installation begins with. Empty tokens are made at random; fixed ones are for development.
type Bootstrap struct {
	OrganizationSlug string
	OrganizationName string
	UserName         string
	UserEmail        string
	ClusterName      string
	QueueKey         string
	APIToken         string
	ReadToken        string
	AgentToken       string
}

// Bootstrapped is what Bootstrap made. Its secrets are told here and kept nowhere.
type Bootstrapped struct {
	// Created is false, and all else empty, when the database held something already.
	Created      bool
	Organization store.Organization
	User         store.User
	Cluster      store.Cluster
	Queue        store.Queue
	APIToken     string
	ReadToken    string
	AgentToken   string
}

// Bootstrap fills an empty database with an organization, its admin, a default cluster with a default queue, a token for
// everything, one that only reads, and one for agents. It is one transaction: several nodes may start at once. Invalid
// is a field that cannot be what it is for.
func (s *Service) Bootstrap(ctx context.Context, in Bootstrap) (Bootstrapped, error) {
	if err := in.check(); err != nil {
		return Bootstrapped{}, err
	}
	secrets := Bootstrapped{
		APIToken:   orRandom(in.APIToken, ids.APITokenPrefix),
		ReadToken:  orRandom(in.ReadToken, ids.APITokenPrefix),
		AgentToken: orRandom(in.AgentToken, ids.ClusterTokenPrefix),
	}
	var out Bootstrapped
	err := s.store.Write(ctx, func(tx *sqldb.Tx) error {
		out = Bootstrapped{}
		filled, err := store.HasOrganizations(ctx, tx)
		if err != nil || filled {
			return err
		}
		out = secrets
		return bootstrap(ctx, tx, in, &out)
	})
	if sqldb.IsUnique(err) {
		return Bootstrapped{}, nil // another node was faster
	}
	if err != nil {
		return Bootstrapped{}, fmt.Errorf("bootstrap: %w", err)
	}
	return out, nil
}

func (in Bootstrap) check() error {
	for _, field := range []struct{ name, value string }{
		{"organization name", in.OrganizationName},
		{"user name", in.UserName},
		{"user email", in.UserEmail},
		{"cluster name", in.ClusterName},
	} {
		if problem := text.RequiredProblem(field.value, maxName); problem != "" {
			return fault.New(fault.Invalid, "The %s %s", field.name, problem)
		}
	}
	if !ids.ValidSlug(in.OrganizationSlug) {
		return fault.New(fault.Invalid, "The organization slug %q may only have letters, digits and hyphens, and starts with no hyphen", in.OrganizationSlug)
	}
	if !ids.ValidQueueKey(in.QueueKey) {
		return fault.New(fault.Invalid, "The queue key %q may only have letters, digits, hyphens and underscores", in.QueueKey)
	}
	for _, token := range []string{in.APIToken, in.ReadToken, in.AgentToken} {
		if len(token) > maxTokenLength {
			return fault.New(fault.Invalid, "A token is longer than %d bytes", maxTokenLength)
		}
	}
	return nil
}

// bootstrap adds the rows of out, which holds the secrets already.
func bootstrap(ctx context.Context, tx *sqldb.Tx, in Bootstrap, out *Bootstrapped) error {
	now := tx.Now()
	out.Created = true
	out.Organization = store.Organization{ID: store.NewID(), Slug: in.OrganizationSlug, Name: in.OrganizationName, CreatedAt: now}
	if err := store.InsertOrganization(ctx, tx, out.Organization); err != nil {
		return err
	}
	organizationID := out.Organization.ID
	out.User = store.User{ID: store.NewID(), Name: in.UserName, Email: in.UserEmail, CreatedAt: now}
	if err := store.InsertUser(ctx, tx, out.User); err != nil {
		return err
	}
	if err := store.InsertMembership(ctx, tx, store.Membership{
		OrganizationID: organizationID, UserID: out.User.ID, Role: access.Admin, CreatedAt: now,
	}); err != nil {
		return err
	}
	for _, t := range []store.APIToken{
		{Description: "Initial API token", TokenHash: ids.HashToken(out.APIToken), Scopes: access.AllScopes},
		{Description: "Initial read-only API token", TokenHash: ids.HashToken(out.ReadToken), Scopes: access.ReadScopes()},
	} {
		t.ID, t.OrganizationID, t.UserID, t.CreatedAt = store.NewID(), organizationID, out.User.ID, now
		if err := store.InsertAPIToken(ctx, tx, t); err != nil {
			return err
		}
	}
	return bootstrapCluster(ctx, tx, in, out)
}

func bootstrapCluster(ctx context.Context, tx *sqldb.Tx, in Bootstrap, out *Bootstrapped) (err error) {
	out.Cluster, out.Queue, err = firstCluster(ctx, tx, out.Organization.ID, out.User.ID, in.ClusterName, in.QueueKey)
	if err != nil {
		return err
	}
	return store.InsertClusterToken(ctx, tx, store.ClusterToken{
		ID: store.NewID(), OrganizationID: out.Organization.ID, ClusterID: out.Cluster.ID,
		Description: "Initial agent token", TokenHash: ids.HashToken(out.AgentToken),
		AllowedIPAddresses: new(access.Everywhere), CreatedByID: &out.User.ID, CreatedAt: tx.Now(),
	})
}

func orRandom(token, prefix string) string {
	if token != "" {
		return token
	}
	return randomToken(prefix)
}
