package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Surroundings are what a build of a pipeline is made and run in.
type Surroundings struct {
	Pipeline     Pipeline
	Organization Organization
	// Cluster is the pipeline's own, or else its organization's default; nil when there is neither.
	Cluster *Cluster
	// Users are those of the people asked for that exist, by id.
	Users map[string]User
}

// SurroundingsOf returns the surroundings of a pipeline, in one trip to the database.
func SurroundingsOf(ctx context.Context, q sqldb.Queryer, pipelineID string, userIDs []string) (Surroundings, error) {
	return surroundings(ctx, q, userIDs, "p.id = $1", pipelineID)
}

// SurroundingsBySlug is SurroundingsOf for an organization's pipeline.
func SurroundingsBySlug(ctx context.Context, q sqldb.Queryer, organizationID, slug string, userIDs []string) (Surroundings, error) {
	return surroundings(ctx, q, userIDs, "p.organization_id = $1 AND p.slug = $2", organizationID, slug)
}

func surroundings(ctx context.Context, q sqldb.Queryer, userIDs []string, where string, args ...any) (Surroundings, error) {
	var r surroundingsReader
	statements := r.statements(where, args...)
	if len(userIDs) > 0 {
		statements = append(statements, listed(&r.users, scanUser,
			"SELECT "+userColumns+" FROM users WHERE "+sqldb.In(q, "id", 1, userIDs), sqldb.List(q, userIDs)))
	}
	err := q.Send(ctx, statements...)
	return r.result(), err
}

// surroundingsReader collects the rows of surroundings.
type surroundingsReader struct {
	pipeline     Pipeline
	organization Organization
	clusters     []Cluster
	users        []User
}

// statements read what is around a pipeline p that a condition names.
func (r *surroundingsReader) statements(where string, args ...any) []sqldb.Statement {
	return []sqldb.Statement{
		found(&r.pipeline, scanPipeline, "SELECT "+pipelineColumns+" FROM pipelines p WHERE "+where, args...),
		found(&r.organization, scanOrganization, "SELECT "+columns("o", organizationColumns)+
			" FROM pipelines p JOIN organizations o ON o.id = p.organization_id WHERE "+where, args...),
		listed(&r.clusters, scanCluster, "SELECT "+columns("c", clusterColumns)+` FROM pipelines p JOIN clusters c
			ON c.id = p.cluster_id OR p.cluster_id IS NULL AND c.organization_id = p.organization_id AND c.is_default
			WHERE `+where, args...),
	}
}

// ofBuild are the statements for a build, with its people.
func (r *surroundingsReader) ofBuild(buildID string) []sqldb.Statement {
	return append(r.statements("p.id = (SELECT pipeline_id FROM builds WHERE id = $1)", buildID),
		listed(&r.users, scanUser, "SELECT "+columns("u", userColumns)+
			" FROM builds b JOIN users u ON u.id IN (b.creator_id, b.unblocker_id) WHERE b.id = $1", buildID))
}

func (r *surroundingsReader) result() Surroundings {
	s := Surroundings{Pipeline: r.pipeline, Organization: r.organization, Users: make(map[string]User, len(r.users))}
	if len(r.clusters) > 0 {
		s.Cluster = &r.clusters[0]
	}
	for _, u := range r.users {
		s.Users[u.ID] = u
	}
	return s
}
