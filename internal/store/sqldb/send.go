package sqldb

import "context"

// sendEach is Send where a statement is no trip.
func sendEach(ctx context.Context, q Queryer, statements []Statement) error {
	for _, s := range statements {
		rows, err := q.Query(ctx, s.SQL, s.Args...)
		if err != nil {
			return err
		}
		if err := readAll(rows, s.Read); err != nil {
			return err
		}
	}
	return nil
}

// readAll has the rows of a statement read and closes them.
func readAll(rows Rows, read func(Rows) error) error {
	defer rows.Close()
	if err := read(rows); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}
