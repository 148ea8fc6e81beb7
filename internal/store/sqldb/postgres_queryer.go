package sqldb

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/puddle/v2"
)

var errPoolClosed = puddle.ErrClosedPool

// postgresPool is the read side.
type postgresPool postgresDB

func (p *postgresPool) Engine() Engine { return Postgres }

func (p *postgresPool) Exec(context.Context, string, ...any) (int64, error) { return 0, errReadExec }

func (p *postgresPool) Query(ctx context.Context, sql string, args ...any) (Rows, error) {
	p.count.statements.Add(1)
	p.count.trips.Add(1)
	rows, err := p.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, closedOr(err)
	}
	return rows, nil
}

func (p *postgresPool) QueryRow(ctx context.Context, sql string, args ...any) Row {
	rows, err := p.Query(ctx, sql, args...)
	if err != nil {
		return errorRow{err}
	}
	return &queryRow{rows: rows}
}

// Send takes one connection for all of the statements.
func (p *postgresPool) Send(ctx context.Context, statements ...Statement) error {
	if len(statements) == 0 {
		return nil
	}
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return closedOr(err)
	}
	defer conn.Release()
	p.count.trips.Add(1)
	p.count.statements.Add(int64(len(statements)))
	return sendBatch(ctx, conn.Conn(), statements)
}

// sendBatch runs statements in one trip.
func sendBatch(ctx context.Context, conn *pgx.Conn, statements []Statement) error {
	var b pgx.Batch
	for _, s := range statements {
		b.Queue(s.SQL, s.Args...).Query(func(rows pgx.Rows) error { return s.Read(rows) })
	}
	return conn.SendBatch(ctx, &b).Close()
}
