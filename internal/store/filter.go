package store

import (
	"strconv"
	"strings"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// conditions collects the WHERE clause of a list and its numbered arguments.
type conditions struct {
	q     sqldb.Queryer
	parts []string
	args  []any
}

// arg adds an argument and returns its placeholder.
func (c *conditions) arg(value any) string {
	c.args = append(c.args, value)
	return "$" + strconv.Itoa(len(c.args))
}

// add appends a condition in which each `?` stands for the next value.
func (c *conditions) add(sql string, values ...any) {
	for _, v := range values {
		sql = strings.Replace(sql, "?", c.arg(v), 1)
	}
	c.parts = append(c.parts, sql)
}

// in appends `column is one of values`.
func (c *conditions) in(column string, values []string) {
	c.args = append(c.args, sqldb.List(c.q, values))
	c.parts = append(c.parts, sqldb.In(c.q, column, len(c.args), values))
}

// any appends an OR of conditions; none of them is no condition.
func (c *conditions) any(parts []string) {
	if len(parts) > 0 {
		c.parts = append(c.parts, "("+strings.Join(parts, " OR ")+")")
	}
}

// where renders the clause, with its keyword.
func (c *conditions) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// page renders LIMIT and OFFSET.
func (c *conditions) page(p Page) string {
	return " LIMIT " + c.arg(p.Limit) + " OFFSET " + c.arg(p.Offset)
}
