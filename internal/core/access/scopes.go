package access

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Scope is what an API token was granted.
type Scope string

// The scopes of the contract (contracts/rest/README.md, Scopes).
const (
	ReadPipelines          Scope = "read_pipelines"
	WritePipelines         Scope = "write_pipelines"
	ReadBuilds             Scope = "read_builds"
	WriteBuilds            Scope = "write_builds"
	ReadBuildLogs          Scope = "read_build_logs"
	WriteBuildLogs         Scope = "write_build_logs"
	ReadJobEnv             Scope = "read_job_env"
	ReadArtifacts          Scope = "read_artifacts"
	WriteArtifacts         Scope = "write_artifacts"
	ReadAgents             Scope = "read_agents"
	WriteAgents            Scope = "write_agents"
	ReadClusters           Scope = "read_clusters"
	WriteClusters          Scope = "write_clusters"
	ReadPipelineTemplates  Scope = "read_pipeline_templates"
	WritePipelineTemplates Scope = "write_pipeline_templates"
	ReadRules              Scope = "read_rules"
	WriteRules             Scope = "write_rules"
	ReadOrganizations      Scope = "read_organizations"
	WriteOrganizations     Scope = "write_organizations"
	ReadInvitations        Scope = "read_organization_invitations"
	WriteInvitations       Scope = "write_organization_invitations"
	ReadSettings           Scope = "read_organization_settings"
	WriteSettings          Scope = "write_organization_settings"
	ReadConnections        Scope = "read_organization_repository_connections"
	ReadServices           Scope = "read_notification_services"
	WriteServices          Scope = "write_notification_services"
	ReadTeams              Scope = "read_teams"
	WriteTeams             Scope = "write_teams"
	ReadUser               Scope = "read_user"
	ReadAuditEvents        Scope = "read_audit_events"
	ReadSecretsDetails     Scope = "read_secrets_details"
	WriteSecrets           Scope = "write_secrets"
	ReadSuites             Scope = "read_suites"
	WriteSuites            Scope = "write_suites"
	ReadTestPlan           Scope = "read_test_plan"
	WriteTestPlan          Scope = "write_test_plan"
	ReadRegistries         Scope = "read_registries"
	WriteRegistries        Scope = "write_registries"
	DeleteRegistries       Scope = "delete_registries"
	ReadPackages           Scope = "read_packages"
	WritePackages          Scope = "write_packages"
	DeletePackages         Scope = "delete_packages"
	ReadPortals            Scope = "read_portals"
	WritePortals           Scope = "write_portals"
	GraphQL                Scope = "graphql"
)

// AllScopes are all scopes in the contract's order.
var AllScopes = []Scope{
	ReadPipelines, WritePipelines, ReadBuilds, WriteBuilds, ReadBuildLogs, WriteBuildLogs, ReadJobEnv, ReadArtifacts,
	WriteArtifacts, ReadAgents, WriteAgents, ReadClusters, WriteClusters, ReadPipelineTemplates, WritePipelineTemplates,
	ReadRules, WriteRules, ReadOrganizations, WriteOrganizations, ReadInvitations, WriteInvitations, ReadSettings,
	WriteSettings, ReadConnections, ReadServices, WriteServices, ReadTeams, WriteTeams, ReadUser, ReadAuditEvents,
	ReadSecretsDetails, WriteSecrets, ReadSuites, WriteSuites, ReadTestPlan, WriteTestPlan, ReadRegistries, WriteRegistries,
	DeleteRegistries, ReadPackages, WritePackages, DeletePackages, ReadPortals, WritePortals, GraphQL,
}

// aliases are spellings that some clients ask for (docs/contract/platform.md, section 3.1).
var aliases = map[string]Scope{
	"read_secret_details": ReadSecretsDetails,
	"view_teams":          ReadTeams,
	"read_accounts":       ReadOrganizations,
	"read_build":          ReadBuilds,
}

// ReadScopes are the scopes that change nothing.
func ReadScopes() []Scope {
	var read []Scope
	for _, s := range AllScopes {
		if strings.HasPrefix(string(s), "read_") {
			read = append(read, s)
		}
	}
	return read
}

// ParseScopes reads a comma- or space-separated list; `all` and `read_only` stand for what they say. An unknown name is
// an error that lists the known ones.
func ParseScopes(text string) ([]Scope, error) {
	var scopes []Scope
	add := func(list ...Scope) {
		for _, s := range list {
			if !slices.Contains(scopes, s) {
				scopes = append(scopes, s)
			}
		}
	}
	for _, word := range strings.FieldsFunc(text, isSeparator) {
		alias, isAlias := aliases[word]
		switch s := Scope(word); {
		case word == "all":
			add(AllScopes...)
		case word == "read_only":
			add(ReadScopes()...)
		case isAlias:
			add(alias)
		case slices.Contains(AllScopes, s):
			add(s)
		default:
			return nil, fmt.Errorf("unknown scope %q: use all, read_only, or some of %s", word, JoinScopes(AllScopes))
		}
	}
	return scopes, nil
}

func isSeparator(r rune) bool { return r == ',' || unicode.IsSpace(r) }

// JoinScopes renders scopes as headers and rows keep them: comma-joined, no spaces.
func JoinScopes(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, ",")
}
