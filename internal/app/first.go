package app

import (
	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/service/accounts"
)

// What --dev makes instead of random values, so that a test of another tool can start a server in one line. Nothing of
// it is secret.
const (
	DevOrganization = "dev"
	DevEmail        = "dev@bridle.localhost"
	DevAPIToken     = "bkua_dev0000000000000000000000000000000000"
	DevReadToken    = "bkua_devread000000000000000000000000000000"
	DevAgentToken   = "bkct_dev0000000000000000000000000000000000"
)

// What every first start makes.
const (
	firstCluster = "Default cluster"
	firstQueue   = "default"
)

// firstStart is what an empty database is filled with.
func firstStart(s config.Server) accounts.Bootstrap {
	b := accounts.Bootstrap{
		OrganizationSlug: s.Organization, OrganizationName: s.Organization, UserName: s.AdminName, UserEmail: s.AdminEmail,
		ClusterName: firstCluster, QueueKey: firstQueue,
	}
	if s.Dev {
		b.OrganizationSlug, b.OrganizationName, b.UserName, b.UserEmail = DevOrganization, "Dev", "Dev", DevEmail
		b.APIToken, b.ReadToken, b.AgentToken = DevAPIToken, DevReadToken, DevAgentToken
	}
	return b
}
