package store

import (
	"context"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// GroupMember is a job that counts in its concurrency group (docs/contract/pipelines.md, section 12).
type GroupMember struct {
	JobID    string
	BuildID  string
	State    build.JobState
	Priority int
	Limit    int
	Method   pipeline.ConcurrencyMethod
}

func scanGroupMember(row scanner) (GroupMember, error) {
	var m GroupMember
	err := row.Scan(&m.JobID, &m.BuildID, &m.State, &m.Priority, &m.Limit, &m.Method)
	return m, err
}

// GroupMembers returns the members of a concurrency group in the order of its queue: by age, then by place in the build.
// All jobs of a build have the build's age, and of two builds of the same microsecond the first made comes first. Jobs
// that wait behind a person are none.
func GroupMembers(ctx context.Context, q sqldb.Queryer, organizationID, group string) ([]GroupMember, error) {
	return list(ctx, q, scanGroupMember, `SELECT j.id, j.build_id, j.state, j.priority, j.concurrency_limit, j.concurrency_method
		FROM jobs j WHERE j.organization_id = $1 AND j.concurrency_group = $2 AND j.concurrency_group <> ''
		AND j.state IN ('waiting', 'limiting', 'limited', 'scheduled', 'reserved', 'assigned', 'accepted', 'running', 'canceling', 'timing_out')
		AND (j.state <> 'waiting' OR EXISTS (SELECT 1 FROM steps s WHERE s.id = j.step_id AND NOT s.held))
		ORDER BY j.scheduled_at, j.build_id, j.step_path, j.idx, j.id`, organizationID, group)
}

// LockGroup makes all who give out slots of a concurrency group do so one after the other, until the transaction ends.
// Who needs the locks of builds as well takes this one first.
func LockGroup(ctx context.Context, tx *sqldb.Tx, organizationID, group string) error {
	_, err := tx.Exec(ctx, `INSERT INTO concurrency_groups (organization_id, name, touched_at) VALUES ($1, $2, $3)
		ON CONFLICT (organization_id, name) DO UPDATE SET touched_at = excluded.touched_at`,
		organizationID, group, micros(tx.Now()))
	return err
}

// ConcurrencyGroup names a concurrency group.
type ConcurrencyGroup struct {
	OrganizationID string
	Name           string
}

func scanGroup(row scanner) (ConcurrencyGroup, error) {
	var g ConcurrencyGroup
	err := row.Scan(&g.OrganizationID, &g.Name)
	return g, err
}

// TouchIdleGroups returns groups that nobody has locked or touched since before a time, and notes that they are touched.
func TouchIdleGroups(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) ([]ConcurrencyGroup, error) {
	return list(ctx, tx, scanGroup, `UPDATE concurrency_groups SET touched_at = $1 WHERE (organization_id, name) IN (
		SELECT organization_id, name FROM concurrency_groups WHERE touched_at < $2 ORDER BY touched_at LIMIT $3 `+
		sqldb.ForUpdateSkipLocked(tx)+`) RETURNING organization_id, name`, micros(tx.Now()), micros(before), limit)
}

// DropGroup removes the row of a concurrency group that has no members left. The next LockGroup makes it anew.
func DropGroup(ctx context.Context, q sqldb.Queryer, organizationID, group string) error {
	_, err := q.Exec(ctx, "DELETE FROM concurrency_groups WHERE organization_id = $1 AND name = $2", organizationID, group)
	return err
}

// StepsOfGroup returns the steps of a build whose jobs are of a concurrency group, in build order.
func StepsOfGroup(ctx context.Context, q sqldb.Queryer, buildID, group string) ([]*build.Step, error) {
	return list(ctx, q, scanStep, "SELECT "+stepColumns+` FROM steps WHERE build_id = $1
		AND id IN (SELECT step_id FROM jobs WHERE build_id = $1 AND concurrency_group = $2) ORDER BY path`, buildID, group)
}
