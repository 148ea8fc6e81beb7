package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/accounts"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Admin is the state of a server, running or not, for commands on its machine. It serves nothing and works on no tasks.
type Admin struct {
	store    *store.Store
	accounts *accounts.Service
	agents   *agents.Service
}

// OpenAdmin opens the state of a server that has been started before.
func OpenAdmin(ctx context.Context, c config.Storage, log *slog.Logger) (*Admin, error) {
	data := c.Data
	if data == "" {
		data = config.DefaultData
	}
	data, err := filepath.Abs(data)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if c.Database == "" {
		if _, err := os.Stat(filepath.Join(data, config.DatabaseFile)); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no database in %s: name the server's folder with --data or its database with --database, or start it first", data)
		}
	}
	st, err := store.Open(ctx, sqldb.Config{URL: databaseURL(c, data), Durability: c.Durability, Log: log})
	if err != nil {
		return nil, err
	}
	b := local.New()
	return &Admin{
		store:    st,
		accounts: accounts.New(st, log),
		agents:   agents.New(agents.Options{Store: st, Queue: queue.New(st.DB(), queue.Config{Log: log}), Bus: b, Log: log}),
	}, nil
}

// Close lets the state go.
func (a *Admin) Close() error { return a.store.Close() }

// NewToken is an API token to make.
type NewToken struct {
	Organization string
	User         string
	Description  string
	Scopes       []access.Scope
	// ExpiresIn is zero for a token that does not expire.
	ExpiresIn time.Duration
	// AllowedIPAddresses is a list of addresses and networks, separated by blanks; empty allows all.
	AllowedIPAddresses string
	// PublicKey in PEM form makes a token whose holder signs each request.
	PublicKey string
}

// CreateToken makes an API token and returns its secret, which is kept nowhere, or the id of a token with a public key.
func (a *Admin) CreateToken(ctx context.Context, in NewToken) (string, error) {
	token, secret, err := a.accounts.CreateToken(ctx, accounts.NewToken{
		OrganizationSlug: in.Organization, UserEmail: in.User, Description: in.Description, Scopes: in.Scopes,
		ExpiresAt: after(in.ExpiresIn), AllowedIPAddresses: &in.AllowedIPAddresses, PublicKey: in.PublicKey,
	})
	switch {
	case fault.Is(err, fault.NotFound):
		return "", fmt.Errorf("%w: name them with --organization (now %s) and --user (now %s)", err, in.Organization, in.User)
	case err != nil:
		return "", err
	case in.PublicKey != "":
		return token.ID, nil
	}
	return secret, nil
}

// NewAgentToken is an agent token to make.
type NewAgentToken struct {
	Organization string
	// Cluster is a cluster's name; empty is the default cluster.
	Cluster     string
	Description string
	ExpiresIn   time.Duration
}

// maxClusters bounds the clusters of an organization that are looked through.
const maxClusters = 1000

// CreateAgentToken makes an agent token and returns its secret, which is kept nowhere.
func (a *Admin) CreateAgentToken(ctx context.Context, in NewAgentToken) (string, error) {
	organization, err := store.OrganizationBySlug(ctx, a.store.Read(), in.Organization)
	if errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("there is no organization %q: name it with --organization", in.Organization)
	}
	if err != nil {
		return "", fmt.Errorf("find organization: %w", err)
	}
	actor := access.Actor{OrganizationID: organization.ID, OrganizationSlug: organization.Slug, System: true}
	clusterID, err := a.cluster(ctx, actor, in.Cluster)
	if err != nil {
		return "", err
	}
	_, secret, err := a.agents.CreateToken(ctx, actor, clusterID, agents.TokenInput{
		Description: in.Description, ExpiresAt: after(in.ExpiresIn),
	})
	return secret, err
}

// cluster finds a cluster by name, or the default one.
func (a *Admin) cluster(ctx context.Context, actor access.Actor, name string) (string, error) {
	clusters, _, err := a.agents.Clusters(ctx, actor, store.Page{Limit: maxClusters})
	if err != nil {
		return "", err
	}
	for _, c := range clusters {
		if c.Name == name || (name == "" && c.IsDefault) {
			return c.ID, nil
		}
	}
	if name == "" {
		return "", errors.New("the organization has no default cluster: name one with --cluster")
	}
	return "", fmt.Errorf("the organization has no cluster %q: choose another one with --cluster", name)
}

// after is the time a duration from now; nil for none.
func after(d time.Duration) *time.Time {
	if d == 0 {
		return nil
	}
	at := time.Now().Add(d)
	return &at
}
