package seed_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// sorts is how many sorts the reads of a name may do: of what one page, one build or a few builds hold.
func sorts(name string) int {
	filter, isList := strings.CutPrefix(name, "list of ")
	_, filter, _ = strings.Cut(filter, ", ")
	switch {
	case isList && merged[filter]:
		return 2 // the ids of the parts, down to the page, and the page
	case isList || sorting[name]:
		return 1
	}
	return 0
}

// merged are the filters whose builds come in several ordered parts, or which leave few builds.
var merged = map[string]bool{
	"branches": true, "commits": true, "finished": true, "finished on branches": true, "finished lately": true,
	"finished lately, state": true, "meta-data of few": true, "meta-data, state": true,
	"branch pattern": true, "branch pattern of few": true, "branch pattern of some": true, "branch pattern, states": true,
	"two states on a branch": true, "pattern, creator": true, "pattern, nobody": true,
	"pattern, meta-data": true, "creator and state": true, "creator and branch": true, "creator, few on branch": true,
	"creator, state of none": true, "nobody on a branch": true,
}

// indexes are what lists must be found by, of which hardly anything may match.
var indexes = map[string]string{
	"list of a pipeline, canceled on a branch":          "builds_pipeline_branch_state",
	"list of the organization, canceled on a branch":    "builds_organization_branch_state",
	"count of a pipeline, two states on a branch":       "builds_pipeline_branch_state",
	"count of the organization, two states on a branch": "builds_organization_branch_state",
	"list of a pipeline, creator":                       "builds_pipeline_creator",
	"list of the organization, creator":                 "builds_creator",
	"list of a pipeline, branch pattern of none":        "builds_pipeline_branch",
	"list of the organization, branch pattern of none":  "builds_organization_branch",
	"list of a pipeline, branch pattern of few":         "builds_pipeline_branch",
	"list of the organization, branch pattern of few":   "builds_organization_branch",
	"list of a pipeline, creator and commit":            "builds_commit",
	"list of the organization, creator and commit":      "builds_commit",
	"list of a pipeline, pattern, running":              "builds_pipeline_state",
	"list of the organization, pattern, running":        "builds_organization_state",
}

// sorting are reads of what belongs to a few builds, jobs or steps.
var sorting = map[string]bool{
	"jobs of builds": true, "retried jobs too": true, "jobs of steps": true, "artifacts of jobs": true, "annotations of a job": true,
	"builds of jobs": true, "open builds": true,
}

// queries are the reads behind the lists and single objects of REST, beside lists of builds.
func (g grown) queries(ctx context.Context) map[string]func(q sqldb.Queryer) error {
	page := store.Page{Limit: 30, Offset: 30}
	ids := []string{g.build.ID, store.NewID()}
	jobIDs := []string{g.job.ID, store.NewID()}
	agents := store.AgentFilter{OrganizationID: g.Organization.ID}
	return map[string]func(q sqldb.Queryer) error{
		"build": func(q sqldb.Queryer) error { return second(store.GetBuild(ctx, q, g.build.ID)) },
		"surroundings": func(q sqldb.Queryer) error {
			return second(store.SurroundingsOf(ctx, q, g.pipeline.ID, []string{g.Admin.ID}))
		},
		"surroundings by slug": func(q sqldb.Queryer) error {
			return second(store.SurroundingsBySlug(ctx, q, g.Organization.ID, "seed-1", nil))
		},
		"build with its pipeline": func(q sqldb.Queryer) error {
			_, _, byNumber := store.BuildWithPipeline(ctx, q, g.Organization.ID, "seed-1", g.build.Number, "")
			_, _, byID := store.BuildWithPipeline(ctx, q, g.Organization.ID, "seed-1", 0, g.build.ID)
			return errors.Join(byNumber, byID)
		},
		"builds by id":   func(q sqldb.Queryer) error { return second(store.GetBuilds(ctx, q, ids)) },
		"builds of jobs": func(q sqldb.Queryer) error { return second(store.ChildBuilds(ctx, q, jobIDs)) },
		"open builds": func(q sqldb.Queryer) error {
			return second(store.OlderOpenBuilds(ctx, q, g.pipeline.ID, "main", g.build.Number))
		},
		"meta-data": func(q sqldb.Queryer) error {
			r := store.NewReads(q)
			r.MetaData(ids, map[string]map[string]string{})
			return r.Do(ctx)
		},
		"job":        func(q sqldb.Queryer) error { return second(store.GetJob(ctx, q, g.job.ID)) },
		"jobs by id": func(q sqldb.Queryer) error { return second(store.GetJobs(ctx, q, jobIDs)) },
		"jobs of builds": func(q sqldb.Queryer) error {
			var jobs []*store.Job
			r := store.NewReads(q)
			r.Jobs(ids, false, &jobs)
			r.Jobs(ids[:1], true, &jobs)
			return r.Do(ctx)
		},
		"parts of jobs": func(q sqldb.Queryer) error {
			var one, some, build, builds store.JobParts
			r := store.NewReads(q)
			r.PartsOfJobs(jobIDs[:1], &one)
			r.PartsOfJobs(jobIDs, &some)
			r.PartsOfBuilds(ids[:1], &build)
			r.PartsOfBuilds(ids, &builds)
			return r.Do(ctx)
		},
		"places": func(q sqldb.Queryer) error {
			_, _, err := store.GetPlacedJob(ctx, q, g.job.ID)
			return errors.Join(err, second(store.PlacesOf(ctx, q, ids)),
				second(store.PlaceByID(ctx, q, g.Organization.ID, "seed-1", g.build.ID)),
				second(store.PlaceByNumber(ctx, q, g.Organization.ID, "seed-1", g.build.Number)))
		},
		"jobs of a build": func(q sqldb.Queryer) error {
			return second(store.ListJobs(ctx, q, store.JobFilter{BuildID: g.build.ID, After: g.job, Limit: 30}))
		},
		"jobs before": func(q sqldb.Queryer) error {
			return second(store.ListJobs(ctx, q, store.JobFilter{BuildID: g.build.ID, Before: g.job, Limit: 30}))
		},
		"jobs of steps":  func(q sqldb.Queryer) error { return second(store.JobsOfSteps(ctx, q, []string{g.job.StepID})) },
		"jobs of agents": func(q sqldb.Queryer) error { return second(store.JobsHeldBy(ctx, q, []string{g.job.AgentID})) },
		"jobs in states": func(q sqldb.Queryer) error {
			return second(store.JobsInStates(ctx, q, g.build.ID, []build.JobState{build.JobFinished, build.JobCanceled}))
		},
		"steps": func(q sqldb.Queryer) error { return second(store.GetSteps(ctx, q, []string{g.job.StepID})) },
		"steps behind blocks": func(q sqldb.Queryer) error {
			return second(store.StepsBehindBlocks(ctx, q, []string{g.job.StepID, store.NewID()}))
		},
		"steps of a build": func(q sqldb.Queryer) error { return second(store.StepsOf(ctx, q, g.build.ID)) },
		"pipelines": func(q sqldb.Queryer) error {
			f := store.PipelineFilter{OrganizationID: g.Organization.ID, Name: "seed", Repository: "example"}
			_, err := store.CountPipelines(ctx, q, f)
			return errors.Join(err, second(store.ListPipelines(ctx, q, f, page)))
		},
		"pipeline":            func(q sqldb.Queryer) error { return second(store.PipelineBySlug(ctx, q, g.Organization.ID, "seed-1")) },
		"counts of pipelines": func(q sqldb.Queryer) error { return second(store.CountsOfPipelines(ctx, q, []string{g.pipeline.ID})) },
		"agents": func(q sqldb.Queryer) error {
			_, err := store.CountAgents(ctx, q, agents)
			return errors.Join(err, second(store.ListAgents(ctx, q, agents, page)))
		},
		"agents by name": func(q sqldb.Queryer) error {
			f := agents
			f.Name, f.Hostname, f.Version = "a", "b", "c"
			_, err := store.CountAgents(ctx, q, f)
			return errors.Join(err, second(store.ListAgents(ctx, q, f, page)))
		},
		"agents of a queue": func(q sqldb.Queryer) error {
			f := agents
			f.QueueID = g.Queue.ID
			return second(store.CountAgents(ctx, q, f))
		},
		"agent": func(q sqldb.Queryer) error { return second(store.GetAgent(ctx, q, g.job.AgentID)) },
		"agents in a cluster": func(q sqldb.Queryer) error {
			return second(store.AgentCountsOfCluster(ctx, q, g.Organization.ID, g.Cluster.ID))
		},
		"artifacts of a build": func(q sqldb.Queryer) error {
			f := store.ArtifactFilter{BuildID: g.build.ID, State: store.ArtifactFinished}
			_, err := store.CountArtifacts(ctx, q, f)
			return errors.Join(err, second(store.ListArtifacts(ctx, q, f, page)))
		},
		"artifacts of a job": func(q sqldb.Queryer) error {
			f := store.ArtifactFilter{JobID: g.job.ID}
			_, err := store.CountArtifacts(ctx, q, f)
			return errors.Join(err, second(store.ListArtifacts(ctx, q, f, page)))
		},
		"artifacts of jobs": func(q sqldb.Queryer) error {
			f := store.ArtifactFilter{BuildID: g.build.ID, JobIDs: jobIDs, LatestOnly: true, Paths: []string{"a", "b"}}
			return store.EachArtifact(ctx, q, f, func(store.Artifact) bool { return true })
		},
		"artifact":       func(q sqldb.Queryer) error { return second(store.GetArtifact(ctx, q, store.NewID())) },
		"jobs of a name": func(q sqldb.Queryer) error { return second(store.JobIDsNamed(ctx, q, g.build.ID, "test")) },
		"annotations of a build": func(q sqldb.Queryer) error {
			f := store.AnnotationFilter{BuildID: g.build.ID, Scope: store.BuildScope}
			_, err := store.CountAnnotations(ctx, q, f)
			return errors.Join(err, second(store.ListAnnotations(ctx, q, f, page)))
		},
		"annotations of a job": func(q sqldb.Queryer) error {
			f := store.AnnotationFilter{BuildID: g.build.ID, JobID: g.job.ID, Scope: store.JobScope}
			_, err := store.CountAnnotations(ctx, q, f)
			return errors.Join(err, second(store.ListAnnotations(ctx, q, f, page)))
		},
		"log": func(q sqldb.Queryer) error { return second(store.GetJobLog(ctx, q, g.job.ID)) },
	}
}

// second drops a result; rows that are not there are not what is asked for here.
func second[T any](_ T, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// TestReadsUseIndexes asks each engine how it answers the reads behind REST.
func TestReadsUseIndexes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		g := grow(t, st)
		reads := g.queries(t.Context())
		for name, f := range g.buildFilters() {
			reads["list "+name] = func(q sqldb.Queryer) error {
				return second(store.ListBuilds(t.Context(), q, f, store.Page{Limit: 30, Offset: 900}))
			}
			reads["count "+name] = func(q sqldb.Queryer) error { return second(store.CountBuilds(t.Context(), q, f, 10_000)) }
		}
		for name, read := range reads {
			t.Run(name, func(t *testing.T) {
				e := &explainer{Queryer: st.Read(), st: st, ctx: t.Context(), freely: sorting[name]}
				if err := read(e); err != nil {
					t.Fatal(err)
				}
				if len(e.plans) == 0 {
					t.Fatal("no statement was looked at")
				}
				for _, p := range e.plans {
					if fault := p.fault(sorts(name)); fault != "" {
						t.Errorf("%s\n%s\n%s", fault, p.sql, strings.Join(p.lines, "\n"))
					}
				}
				last := strings.Join(e.plans[len(e.plans)-1].lines, "\n")
				if index := indexes[name]; index != "" && !strings.Contains(last, index+" ") {
					t.Errorf("the last statement is not answered by %s:\n%s", index, last)
				}
			})
		}
	})
}
