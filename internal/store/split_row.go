package store

import "strings"

// splitRow is a row of a join, read as the rows it was joined from: each begins with its id, which is NULL where a LEFT
// JOIN found nothing.
type splitRow struct {
	row    scanner
	starts []int // where the parts begin, and the end of the last one
	places []any // nil where a column is passed over
}

// newSplitRow is for a row of these lists of columns.
func newSplitRow(row scanner, lists ...string) *splitRow {
	r := &splitRow{row: row, starts: []int{0}}
	for i, names := range lists {
		r.starts = append(r.starts, r.starts[i]+strings.Count(names, ",")+1)
	}
	r.places = make([]any, r.starts[len(lists)])
	return r
}

// id returns the id of a part, nil when there is no such row.
func (r *splitRow) id(part int) (id *string, err error) {
	err = r.scan(r.starts[part], []any{&id})
	return id, err
}

// part is one of the rows for the function that scans such rows.
func (r *splitRow) part(part int) scanner { return rowPart{r, r.starts[part]} }

type rowPart struct {
	row   *splitRow
	start int
}

func (p rowPart) Scan(dest ...any) error { return p.row.scan(p.start, dest) }

func (r *splitRow) scan(start int, dest []any) error {
	clear(r.places)
	copy(r.places[start:], dest)
	return r.row.Scan(r.places...)
}
