package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

const stepColumns = `id, build_id, kind, key, label, path, group_id, uploaded_by, state, outcome, settings, own_settled,
	held, progress, created_at`

// progress is the counters and flags of a step, kept as one document since no query asks for them.
type progress struct {
	OpenJobs      int           `json:"open_jobs,omitempty"`
	OpenParts     int           `json:"open_parts,omitempty"`
	OpenEdges     int           `json:"open_edges,omitempty"`
	FailedEdges   int           `json:"failed_edges,omitempty"`
	ForgivenEdges int           `json:"forgiven_edges,omitempty"`
	HeldEdges     int           `json:"held_edges,omitempty"`
	HeldParts     int           `json:"held_parts,omitempty"`
	Released      bool          `json:"released,omitempty"`
	Settled       bool          `json:"settled,omitempty"`
	Own           build.Verdict `json:"own,omitzero"`
	Full          build.Verdict `json:"full,omitzero"`
	JobTally      build.Tally   `json:"job_tally,omitzero"`
	PartTally     build.Tally   `json:"part_tally,omitzero"`
	PriorFailed   bool          `json:"prior_failed,omitempty"`
}

func progressOf(s *build.Step) progress {
	return progress{
		OpenJobs: s.OpenJobs, OpenParts: s.OpenParts, OpenEdges: s.OpenEdges, FailedEdges: s.FailedEdges,
		ForgivenEdges: s.ForgivenEdges, HeldEdges: s.HeldEdges, HeldParts: s.HeldParts, Released: s.Released, Settled: s.Settled, Own: s.Own, Full: s.Full,
		JobTally: s.JobTally, PartTally: s.PartTally, PriorFailed: s.PriorFailed,
	}
}

// savedStep is all that SaveStep writes, for finding out whether there is anything to write.
type savedStep struct {
	state      build.StepState
	outcome    build.Outcome
	ownSettled bool
	label      string
	held       bool
	progress   progress
}

func savedStepOf(s *build.Step) savedStep {
	return savedStep{s.State, s.Outcome, s.OwnSettled, s.Label, s.Held(), progressOf(s)}
}

func (p progress) into(s *build.Step) {
	s.OpenJobs, s.OpenParts, s.OpenEdges, s.FailedEdges = p.OpenJobs, p.OpenParts, p.OpenEdges, p.FailedEdges
	s.ForgivenEdges, s.Released, s.Settled, s.Own, s.Full = p.ForgivenEdges, p.Released, p.Settled, p.Own, p.Full
	s.JobTally, s.PartTally, s.PriorFailed = p.JobTally, p.PartTally, p.PriorFailed
	s.HeldEdges, s.HeldParts = p.HeldEdges, p.HeldParts
}

func scanStep(row scanner) (*build.Step, error) {
	var (
		s                      build.Step
		settings, progressText string
		held                   bool // follows from the counters, for queries
		created                int64
	)
	err := row.Scan(&s.ID, &s.BuildID, &s.Kind, &s.Key, &s.Label, &s.Path, &s.GroupID, &s.UploadedBy, &s.State, &s.Outcome,
		&settings, &s.OwnSettled, &held, &progressText, &created)
	if err != nil {
		return nil, err
	}
	var p progress
	if err := errors.Join(parse(settings, &s.Settings), parse(progressText, &p)); err != nil {
		return nil, fmt.Errorf("step %s: %w", s.ID, err)
	}
	p.into(&s)
	s.CreatedAt = fromMicros(created)
	return &s, nil
}

// InsertSteps adds steps to a build.
func InsertSteps(ctx context.Context, q sqldb.Queryer, steps []*build.Step) error {
	rows := make([][]any, len(steps))
	for i, s := range steps {
		rows[i] = []any{
			s.ID, s.BuildID, string(s.Kind), s.Key, s.Label, s.Path, s.GroupID, s.UploadedBy, string(s.State),
			string(s.Outcome), document(s.Settings), s.OwnSettled, s.Held(), document(progressOf(s)), micros(s.CreatedAt),
		}
	}
	return insertRows(ctx, q, "steps", stepColumns, rows)
}

// SaveStep writes what the rules change of a step. The caller holds its build's lock.
func SaveStep(ctx context.Context, q sqldb.Queryer, s *build.Step) error {
	return later(ctx, q, nil, `UPDATE steps SET state = $2, outcome = $3, own_settled = $4, progress = $5, label = $6,
		held = $7 WHERE id = $1`, s.ID, string(s.State), string(s.Outcome), s.OwnSettled, document(progressOf(s)), s.Label, s.Held())
}

// DeleteSteps removes steps with their jobs and the edges to and from them.
func DeleteSteps(ctx context.Context, q sqldb.Queryer, buildID string, ids []string) error {
	for _, sql := range []string{
		"DELETE FROM jobs WHERE build_id = $1 AND " + sqldb.In(q, uuidText(q, "step_id"), 2, ids),
		"DELETE FROM step_edges WHERE build_id = $1 AND " + sqldb.In(q, "to_id", 2, ids),
		"DELETE FROM steps WHERE build_id = $1 AND " + sqldb.In(q, uuidText(q, "id"), 2, ids),
	} {
		if _, err := q.Exec(ctx, sql, buildID, sqldb.List(q, ids)); err != nil {
			return err
		}
	}
	return nil
}

// GetStep returns a step of a build.
func GetStep(ctx context.Context, q sqldb.Queryer, buildID, id string) (*build.Step, error) {
	return one(ctx, q, scanStep, "SELECT "+stepColumns+" FROM steps WHERE id = $1 AND build_id = $2", id, buildID)
}

// GetSteps returns those of the steps that exist.
func GetSteps(ctx context.Context, q sqldb.Queryer, ids []string) ([]*build.Step, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return list(ctx, q, scanStep, "SELECT "+stepColumns+" FROM steps WHERE "+sqldb.In(q, "id", 1, ids), sqldb.List(q, ids))
}

// StepByKey returns the step of a build with a key.
func StepByKey(ctx context.Context, q sqldb.Queryer, buildID, key string) (*build.Step, error) {
	return one(ctx, q, scanStep, "SELECT "+stepColumns+" FROM steps WHERE build_id = $1 AND key = $2 AND key <> ''", buildID, key)
}

// StepsIn returns the steps of a scope in build order: those of a group, or of the build's own list for "".
func StepsIn(ctx context.Context, q sqldb.Queryer, buildID, groupID string) ([]*build.Step, error) {
	return list(ctx, q, scanStep, "SELECT "+stepColumns+" FROM steps WHERE build_id = $1 AND group_id = $2 ORDER BY path",
		buildID, groupID)
}

// StepsOf returns all steps of a build in build order.
func StepsOf(ctx context.Context, q sqldb.Queryer, buildID string) ([]*build.Step, error) {
	return list(ctx, q, scanStep, "SELECT "+stepColumns+" FROM steps WHERE build_id = $1 ORDER BY path", buildID)
}

// OpenSteps returns the steps of a build that have not settled by themselves, in build order.
func OpenSteps(ctx context.Context, q sqldb.Queryer, buildID string) ([]*build.Step, error) {
	return list(ctx, q, scanStep, "SELECT "+stepColumns+" FROM steps WHERE build_id = $1 AND own_settled = $2 ORDER BY path",
		buildID, false)
}

// uuidText is a uuid column as text, for comparing it with what text columns hold.
func uuidText(q sqldb.Queryer, column string) string {
	if q.Engine() == sqldb.Postgres {
		return column + "::text"
	}
	return column
}

// optionalUUID is a text column that holds an id or nothing, for comparing it with a uuid column.
func optionalUUID(engine sqldb.Engine, column string) string {
	if engine == sqldb.Postgres {
		return "NULLIF(" + column + ", '')::uuid"
	}
	return column
}
