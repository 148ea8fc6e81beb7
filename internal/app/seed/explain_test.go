package seed_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// explainer asks for the plan of every query that it passes on.
type explainer struct {
	sqldb.Queryer
	st    *store.Store
	ctx   context.Context
	plans []plan
	// freely lets PostgreSQL sort.
	freely bool
}

func (e *explainer) Query(ctx context.Context, sql string, args ...any) (sqldb.Rows, error) {
	if err := e.explain(sql, args); err != nil {
		return nil, err
	}
	return e.Queryer.Query(ctx, sql, args...)
}

func (e *explainer) QueryRow(ctx context.Context, sql string, args ...any) sqldb.Row {
	if err := e.explain(sql, args); err != nil {
		return failedRow{err}
	}
	return e.Queryer.QueryRow(ctx, sql, args...)
}

func (e *explainer) Send(ctx context.Context, statements ...sqldb.Statement) error {
	for _, s := range statements {
		if err := e.explain(s.SQL, s.Args); err != nil {
			return err
		}
	}
	return e.Queryer.Send(ctx, statements...)
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// explain notes the plan of a query. PostgreSQL reads and sorts small tables whole because that is cheap; here it is
// asked whether it knows another way.
func (e *explainer) explain(sql string, args []any) error {
	p := plan{engine: e.Engine(), sql: sql}
	err := e.st.Write(e.ctx, func(tx *sqldb.Tx) error {
		p.lines = nil
		if p.engine == sqldb.SQLite {
			return p.readSQLite(e.ctx, tx, args)
		}
		settings := []string{"seqscan", "bitmapscan", "hashjoin", "mergejoin"}
		if !e.freely {
			settings = append(settings, "sort")
		}
		for _, setting := range settings {
			if _, err := tx.Exec(e.ctx, "SET LOCAL enable_"+setting+" = off"); err != nil {
				return err
			}
		}
		return p.read(e.ctx, tx, "EXPLAIN "+sql, args)
	})
	e.plans = append(e.plans, p)
	if err != nil {
		return fmt.Errorf("explain %s: %w", sql, err)
	}
	return nil
}

// plan is how an engine answers a query, in its own words.
type plan struct {
	engine sqldb.Engine
	sql    string
	lines  []string
}

func (p *plan) read(ctx context.Context, q sqldb.Queryer, sql string, args []any) error {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		p.lines = append(p.lines, line)
	}
	return rows.Err()
}

func (p *plan) readSQLite(ctx context.Context, q sqldb.Queryer, args []any) error {
	rows, err := q.Query(ctx, "EXPLAIN QUERY PLAN "+p.sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int64
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			return err
		}
		p.lines = append(p.lines, line)
	}
	return rows.Err()
}

var (
	wholeTable = regexp.MustCompile(`^SCAN (builds|jobs|j|artifacts|agents|steps|s|annotations|build_meta_data|m|job_logs)\b`)
	seqScan    = regexp.MustCompile(`Seq Scan on (builds|jobs|artifacts|agents|steps|annotations|build_meta_data|job_logs)\b`)
	indexScan  = regexp.MustCompile(`Index (Only )?Scan (Backward )?using \S+ on (builds|jobs|artifacts|steps|annotations|build_meta_data|job_logs)\b`)
)

// small indexes hold only what is open.
var openOnly = regexp.MustCompile(`using (jobs_queue_open|jobs_pipeline_open|jobs_on_agent|builds_open) `)

// fault says what is wrong with a plan: a table or an index that is read from end to end, or more sorts than allowed, as
// when rows do not come in order.
func (p *plan) fault(allowed int) string {
	sorts := 0
	for i, line := range p.lines {
		switch {
		case wholeTable.MatchString(line), seqScan.MatchString(line):
			return "reads a whole table"
		case indexScan.MatchString(line) && !openOnly.MatchString(line) &&
			(i+1 == len(p.lines) || !strings.Contains(p.lines[i+1], "Index Cond")):
			return "reads a whole index"
		case strings.Contains(line, "TEMP B-TREE FOR ORDER BY"), strings.Contains(line, "Sort Key"):
			sorts++
		}
	}
	if sorts > allowed {
		return fmt.Sprintf("sorts %d times, not %d", sorts, allowed)
	}
	return ""
}
