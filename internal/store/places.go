package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Place is where a build is: what the addresses of the build and of its jobs are made of.
type Place struct {
	BuildID      string
	BuildNumber  int64
	PipelineSlug string
	// ClusterID is the pipeline's.
	ClusterID *string
}

const placeColumns = "b.id, b.number, p.slug, p.cluster_id"

func (p *Place) columns() []any {
	return []any{&p.BuildID, &p.BuildNumber, &p.PipelineSlug, &p.ClusterID}
}

func scanPlace(row scanner) (p Place, err error) {
	err = row.Scan(p.columns()...)
	return p, err
}

// PlacesOf returns where builds are, by build id.
func PlacesOf(ctx context.Context, q sqldb.Queryer, buildIDs []string) (map[string]Place, error) {
	places := make(map[string]Place, len(buildIDs))
	if len(buildIDs) == 0 {
		return places, nil
	}
	found, err := list(ctx, q, scanPlace, "SELECT "+placeColumns+" FROM builds b JOIN pipelines p ON p.id = b.pipeline_id WHERE "+
		sqldb.In(q, "b.id", 1, buildIDs), sqldb.List(q, buildIDs))
	for _, p := range found {
		places[p.BuildID] = p
	}
	return places, err
}

// PlaceByNumber returns where a build is that is known by its number.
func PlaceByNumber(ctx context.Context, q sqldb.Queryer, organizationID, pipelineSlug string, number int64) (Place, error) {
	return one(ctx, q, scanPlace, "SELECT "+placeColumns+` FROM pipelines p JOIN builds b ON b.pipeline_id = p.id
		WHERE p.organization_id = $1 AND p.slug = $2 AND b.number = $3`, organizationID, pipelineSlug, number)
}

// PlaceByID returns where a build is that is known by its id.
func PlaceByID(ctx context.Context, q sqldb.Queryer, organizationID, pipelineSlug, id string) (Place, error) {
	return one(ctx, q, scanPlace, "SELECT "+placeColumns+` FROM builds b JOIN pipelines p ON p.id = b.pipeline_id
		WHERE b.id = $3 AND p.organization_id = $1 AND p.slug = $2`, organizationID, pipelineSlug, id)
}

var placedJobSQL = "SELECT " + columns("j", jobColumns) + ", " + placeColumns + ` FROM jobs j
	JOIN builds b ON b.id = j.build_id JOIN pipelines p ON p.id = b.pipeline_id WHERE j.id = $1`

// GetPlacedJob returns a job and where its build is.
func GetPlacedJob(ctx context.Context, q sqldb.Queryer, id string) (*Job, Place, error) {
	var place Place
	job, err := one(ctx, q, func(row scanner) (*Job, error) {
		return scanJobAnd(row, place.columns()...)
	}, placedJobSQL, id)
	return job, place, err
}
