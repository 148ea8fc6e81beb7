package store

import (
	"errors"
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// JobParts are the rows that jobs are shown with, by id. What several jobs share is there once.
type JobParts struct {
	// Steps are without what the rules count in them (progress).
	Steps map[string]build.Step
	// Groups are those that the steps sit in.
	Groups map[string]StepGroup
	Agents map[string]Agent
	// Queues are those that the jobs wait or waited in.
	Queues map[string]Queue
}

// StepGroup is what is shown of a group step with the jobs in it.
type StepGroup struct {
	Key   string
	Label string
}

const (
	// shownStepColumns leave out how far a step has come, which is not shown with its jobs.
	shownStepColumns = "id, build_id, kind, key, label, path, group_id, uploaded_by, state, outcome, settings, created_at"
	groupColumns     = "id, key, label"
)

// partsOfJobsSQL lacks the condition that names the jobs.
var partsOfJobsSQL = map[sqldb.Engine]string{sqldb.SQLite: partsOfJobs(sqldb.SQLite), sqldb.Postgres: partsOfJobs(sqldb.Postgres)}

func partsOfJobs(engine sqldb.Engine) string {
	return "SELECT " + columns("s", shownStepColumns) + ", " + columns("g", groupColumns) + ", " + columns("a", agentColumns) +
		", " + columns("q", queueColumns) + " FROM jobs j LEFT JOIN steps s ON s.id = j.step_id" +
		" LEFT JOIN steps g ON g.id = " + optionalUUID(engine, "s.group_id") +
		" LEFT JOIN agents a ON a.id = " + optionalUUID(engine, "j.agent_id") +
		" LEFT JOIN queues q ON q.id = " + optionalUUID(engine, "j.queue_id") +
		" WHERE "
}

func (p *JobParts) read(rows sqldb.Rows) error {
	r := newSplitRow(rows, shownStepColumns, groupColumns, agentColumns, queueColumns)
	for rows.Next() {
		if err := p.scan(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (p *JobParts) scan(r *splitRow) error {
	return errors.Join(
		scanPart(r, 0, p.Steps, scanShownStep),
		scanPart(r, 1, p.Groups, scanStepGroup),
		scanPart(r, 2, p.Agents, scanAgent),
		scanPart(r, 3, p.Queues, scanQueue),
	)
}

func scanShownStep(row scanner) (s build.Step, err error) {
	var (
		settings string
		created  int64
	)
	err = row.Scan(&s.ID, &s.BuildID, &s.Kind, &s.Key, &s.Label, &s.Path, &s.GroupID, &s.UploadedBy, &s.State, &s.Outcome,
		&settings, &created)
	if err != nil {
		return build.Step{}, err
	}
	if err := parse(settings, &s.Settings); err != nil {
		return build.Step{}, fmt.Errorf("step %s: %w", s.ID, err)
	}
	s.CreatedAt = fromMicros(created)
	return s, nil
}

func scanStepGroup(row scanner) (g StepGroup, err error) {
	var id string
	err = row.Scan(&id, &g.Key, &g.Label)
	return g, err
}

// scanPart adds the row that is a part of r to those already known, unless the join found none.
func scanPart[T any](r *splitRow, part int, known map[string]T, scan func(scanner) (T, error)) error {
	id, err := r.id(part)
	if err != nil || id == nil {
		return err
	}
	if _, ok := known[*id]; ok {
		return nil
	}
	item, err := scan(r.part(part))
	if err == nil {
		known[*id] = item
	}
	return err
}
