package accounts_test

import (
	"context"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/service/accounts"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestBootstrap(t *testing.T) {
	t.Parallel()
	in := accounts.Bootstrap{
		OrganizationSlug: "acme", OrganizationName: "Acme", UserName: "Ada", UserEmail: "ada@example.com",
		ClusterName: "Default cluster", QueueKey: "default",
	}
	ctx := context.Background()

	t.Run("an empty database", func(t *testing.T) {
		t.Parallel()
		st := storetest.Open(t)
		s := accounts.New(st, nil)
		out, err := s.Bootstrap(ctx, in)
		if err != nil || !out.Created {
			t.Fatalf("created %t, %v", out.Created, err)
		}
		for token, want := range map[string]access.Actor{
			out.APIToken:  {Role: access.Admin, Scopes: access.AllScopes},
			out.ReadToken: {Role: access.Admin, Scopes: access.ReadScopes()},
		} {
			want.OrganizationID, want.OrganizationSlug, want.UserID = out.Organization.ID, "acme", out.User.ID
			actor, err := s.Authenticate(ctx, token, ip)
			if diff := cmp.Diff(want, actor, cmpopts.IgnoreFields(access.Actor{}, "TokenID")); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		}
		agentToken, err := store.ClusterTokenByHash(ctx, st.Read(), ids.HashToken(out.AgentToken))
		if err != nil || agentToken.ClusterID != out.Cluster.ID {
			t.Errorf("agent token of cluster %s, %v", agentToken.ClusterID, err)
		}
		cluster, err := store.DefaultCluster(ctx, st.Read(), out.Organization.ID)
		if diff := cmp.Diff(out.Cluster, cluster); err != nil || diff != "" {
			t.Errorf("cluster: %v (-want +got):\n%s", err, diff)
		}
		queue, err := store.GetQueue(ctx, st.Read(), *cluster.DefaultQueueID)
		if diff := cmp.Diff(out.Queue, queue); err != nil || diff != "" {
			t.Errorf("queue: %v (-want +got):\n%s", err, diff)
		}

		again, err := s.Bootstrap(ctx, in)
		if diff := cmp.Diff(accounts.Bootstrapped{}, again); err != nil || diff != "" {
			t.Errorf("again: %v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("fixed tokens", func(t *testing.T) {
		t.Parallel()
		fixed := in
		fixed.APIToken, fixed.ReadToken, fixed.AgentToken = "bkua_dev", "bkua_read", "bkct_dev"
		out, err := accounts.New(storetest.Open(t), nil).Bootstrap(ctx, fixed)
		if err != nil || out.APIToken != "bkua_dev" || out.ReadToken != "bkua_read" || out.AgentToken != "bkct_dev" {
			t.Errorf("%s, %s, %s, %v", out.APIToken, out.ReadToken, out.AgentToken, err)
		}
	})
	t.Run("several nodes at once", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, st *store.Store) {
			results := make(chan bool)
			const nodes = 4
			for range nodes {
				go func() {
					out, err := accounts.New(st, nil).Bootstrap(ctx, in)
					if err != nil {
						t.Error(err)
					}
					results <- out.Created
				}()
			}
			created := 0
			for range nodes {
				if <-results {
					created++
				}
			}
			if created != 1 {
				t.Errorf("%d nodes created, want 1", created)
			}
		})
	})
	for name, edit := range map[string]func(*accounts.Bootstrap){
		"organization name": func(b *accounts.Bootstrap) { b.OrganizationName = "" },
		"organization slug": func(b *accounts.Bootstrap) { b.OrganizationSlug = "a b" },
		"user name":         func(b *accounts.Bootstrap) { b.UserName = " " },
		"user email":        func(b *accounts.Bootstrap) { b.UserEmail = "" },
		"cluster name":      func(b *accounts.Bootstrap) { b.ClusterName = strings.Repeat("a", 256) },
		"queue key":         func(b *accounts.Bootstrap) { b.QueueKey = "a b" },
		"token":             func(b *accounts.Bootstrap) { b.AgentToken = strings.Repeat("a", 256) },
	} {
		t.Run("bad "+name, func(t *testing.T) {
			t.Parallel()
			st := storetest.Open(t)
			bad := in
			edit(&bad)
			_, err := accounts.New(st, nil).Bootstrap(ctx, bad)
			fails(t, err, fault.Invalid, name)
			if has, err := store.HasOrganizations(ctx, st.Read()); has || err != nil {
				t.Errorf("something was made, %v", err)
			}
		})
	}
}
