package compat

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"

	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
)

// servedGroups are the groups of the contract's rows that are served whole.
var servedGroups = []string{
	"meta", "access_token", "user", "emojis", "organizations", "organizations.agent_tokens",
	"pipelines", "pipelines.github_webhooks", "pipelines.schedules", "builds", "builds.step_uploads", "jobs", "artifacts", "annotations", "agents",
	"clusters", "clusters.queues", "clusters.tokens", "clusters.maintainers",
	"clusters.agent_images", "clusters.network_ranges", "clusters.cache_volumes",
}

// groupOfService is the group that a service of the official client is for.
var groupOfService = map[string]string{
	"AccessTokensService":       "access_token",
	"AgentsService":             "agents",
	"AnnotationsService":        "annotations",
	"ArtifactsService":          "artifacts",
	"BuildTestsService":         "test_engine.build_tests",
	"BuildsService":             "builds",
	"ClusterMaintainersService": "clusters.maintainers",
	"ClusterQueuesService":      "clusters.queues",
	"ClusterSecretsService":     "clusters.secrets",
	"ClusterTokensService":      "clusters.tokens",
	"ClustersService":           "clusters",
	"FlakyTestsService":         "test_engine.flaky_tests",
	"JobsService":               "jobs",
	"MembersService":            "organizations.members",
	"MetaService":               "meta",
	"OrganizationsService":      "organizations",
	"PackageRegistriesService":  "package_registries.registries",
	"PackagesService":           "package_registries.packages",
	"PipelineSchedulesService":  "pipelines.schedules",
	"PipelineTemplatesService":  "pipeline_templates",
	"PipelinesService":          "pipelines",
	"RateLimitService":          "organizations",
	"RulesService":              "rules",
	"TeamMemberService":         "teams.members",
	"TeamPipelinesService":      "teams.pipelines",
	"TeamSuitesService":         "teams.suites",
	"TeamsService":              "teams",
	"TestRunsService":           "test_engine.runs",
	"TestSuitesService":         "test_engine.suites",
	"TestsService":              "test_engine.tests",
	"UserService":               "user",
}

// cannotOccur are the keys that no answer of this installation has a value for, or all of an object as object.*, each with
// its reason.
var cannotOccur = map[string]string{
	"agent_image.*":                          "no agent is hosted",
	"cache_volume.*":                         "no agent is hosted",
	"hosted_agents.*":                        "no agent is hosted",
	"network_range.*":                        "no agent is hosted",
	"ssh_session.*":                          "no agent is hosted",
	"vnc_session.*":                          "no agent is hosted",
	"cluster.hosted_container_cache_enabled": "no cluster is a hosted one",
	"cluster.hosted_git_mirror_enabled":      "no cluster is a hosted one",
	"cluster_queue.hosted":                   "no queue is a hosted one",
	"cluster_queue.hosted_agents":            "no queue is a hosted one",

	"build.merge_queue":               "builds of merge queues are made by source hosts, which are not connected yet",
	"merge_queue.base_branch":         "builds of merge queues are made by source hosts, which are not connected yet",
	"build.tag":                       "builds of tags are made by source hosts, which are not connected yet",
	"build_test_engine_run.*":         "there are no test suites yet, so no build has runs of them",
	"cluster_maintainer_actor.slug":   "there are no teams yet, and users have no slug",
	"cursor_links.first":              "only the list of audit events has it, which is not there yet",
	"pipeline.pipeline_template_uuid": "there are no templates yet",
	"user.avatar_url":                 "people have no pictures",

	"artifact.glob_path":      "it is deprecated, and null in the contract",
	"artifact.original_path":  "it is deprecated, and null in the contract",
	"job_manual.web_url":      "it is null in the contract",
	"job_waiter.web_url":      "it is null where it was seen, and the contract is not sure of it",
	"job_script.script_path":  "it was in the answer about agents of long ago",
	"job_script.label":        "a client has the key, the documented one is name",
	"job_script.logs_url":     "a client has the key, the documented one is log_url",
	"agent.access_token":      "secrets of agents are shown to nobody; an old client has the key",
	"organization.repository": "a client has the key, and nothing says what it would be",
}

// takesLong are keys that have a value only after more time than a server is waited for, each with the time. The tests of
// internal/server/rest look at them.
var takesLong = map[string]string{
	"agent.lost_at":                    "an agent is lost after three minutes without a sign of life",
	"job_script.expired_at":            "a job expires after days without an agent",
	"pipeline_schedule.failed_at":      "a schedule fails when its minute comes and its pipeline cannot be built",
	"pipeline_schedule.failed_message": "a schedule fails when its minute comes and its pipeline cannot be built",
}

// group is what the contract and the client have for a group of rows.
type group struct {
	name    string
	rows    []string
	keys    []string
	methods []string
}

// readGroups returns the groups in the contract's order. An object's keys are those of every group that answers with it.
func readGroups(t *testing.T) []group {
	t.Helper()
	contract, err := openapi.ReadContract()
	must(t, err)
	var groups []group
	at := map[string]int{}
	for _, row := range contract.Rows {
		i, known := at[row.Group]
		if !known {
			i = len(groups)
			at[row.Group] = i
			groups = append(groups, group{name: row.Group})
		}
		groups[i].rows = append(groups[i].rows, row.ID)
		groups[i].keys = append(groups[i].keys, keysOf(t, contract, row)...)
	}
	for service, methods := range clientServices() {
		name, known := groupOfService[service]
		i, inContract := at[name]
		if !known || !inContract {
			t.Errorf("the client's %s is of the group %q, which the contract lacks", service, name)
			continue
		}
		groups[i].methods = append(groups[i].methods, methods...)
	}
	for i := range groups {
		slices.Sort(groups[i].methods)
		slices.Sort(groups[i].keys)
		groups[i].keys = slices.Compact(groups[i].keys)
	}
	return groups
}

// keysOf are the keys of the objects that a row can answer with, and of those within, as object.key.
func keysOf(t *testing.T, contract openapi.Contract, row openapi.Row) []string {
	t.Helper()
	shape, err := row.Shape()
	must(t, err)
	var keys, seen []string
	var reach func(object string)
	reach = func(object string) {
		if object == "" || slices.Contains(seen, object) {
			return
		}
		seen = append(seen, object)
		for _, k := range contract.Objects[object] {
			keys = append(keys, object+"."+k.Key)
			reach(k.Ref)
			for _, kind := range k.OneOf {
				reach(kind)
			}
		}
	}
	for _, object := range []string{shape.Object, shape.ArrayOf, shape.ItemsOf, "error"} {
		reach(object)
	}
	if row.Auth != "none" {
		reach("rate_limit_error")
	}
	for _, k := range append(shape.Keys, row.ResponseExtra...) {
		reach(k.Ref)
	}
	return keys
}

// clientServices are the methods of the official client's services, as Service.Method, by the service's type.
func clientServices() map[string][]string {
	services := map[string][]string{}
	client := reflect.TypeFor[buildkite.Client]()
	for i := range client.NumField() {
		kind := client.Field(i).Type
		if !client.Field(i).IsExported() || kind.Kind() != reflect.Pointer || !strings.HasSuffix(kind.Elem().Name(), "Service") {
			continue
		}
		name := kind.Elem().Name()
		for j := range kind.NumMethod() {
			services[name] = append(services[name], name+"."+kind.Method(j).Name)
		}
	}
	return services
}
