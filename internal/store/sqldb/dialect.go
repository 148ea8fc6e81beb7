package sqldb

import (
	"encoding/json"
	"strconv"
	"strings"
)

// ForUpdate ends a SELECT whose rows the transaction is going to change. SQLite has a single writer and needs no locks.
func ForUpdate(q Queryer) string {
	if q.Engine() == Postgres {
		return "FOR UPDATE"
	}
	return ""
}

// ForUpdateSkipLocked is ForUpdate that leaves out the rows other transactions hold.
func ForUpdateSkipLocked(q Queryer) string {
	if q.Engine() == Postgres {
		return "FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// In is the condition that column is one of the values of a List given as the argument of that placeholder. A single
// value is an equation, by which an index stays in order; for more the text is the same for any number of them, so that
// one prepared statement serves them all.
func In(q Queryer, column string, placeholder int, values []string) string {
	p := "$" + strconv.Itoa(placeholder)
	switch {
	case len(values) == 1:
		return column + " = " + p
	case q.Engine() == Postgres:
		return column + " = ANY(" + p + ")"
	}
	return column + " IN (SELECT value FROM json_each(" + p + "))"
}

// List makes the argument that goes with In.
func List(q Queryer, values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	if values == nil {
		values = []string{}
	}
	if q.Engine() == Postgres {
		return values
	}
	text, err := json.Marshal(values)
	if err != nil {
		panic(err) // a slice of strings has a JSON form
	}
	return string(text)
}

// Matches is the condition that a column's text is a pattern, with any text in place of each `*` and letters in their
// case. The Pattern of the text is the argument of that placeholder. SQLite's LIKE knows no cases.
func Matches(q Queryer, column string, placeholder int) string {
	p := "$" + strconv.Itoa(placeholder)
	if q.Engine() == Postgres {
		return column + " LIKE " + p + ` ESCAPE '\'`
	}
	return column + " GLOB " + p
}

var (
	likePattern = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%")
	globPattern = strings.NewReplacer("[", "[[]", "?", "[?]")
)

// Pattern makes the argument that goes with Matches.
func Pattern(q Queryer, pattern string) string {
	if q.Engine() == Postgres {
		return likePattern.Replace(pattern)
	}
	return globPattern.Replace(pattern)
}
