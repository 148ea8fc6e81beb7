package sqldb

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// ForUpdate ends a SELECT whose rows the transaction is going to change. SQLite has a single writer and needs no locks.
func ForUpdate(q Queryer) string {
	if q.Engine() == Postgres {
		return "FOR UPDATE"
	}
	return ""
}

// ForUpdateOfParent is ForUpdate for rows that others refer to: rows that refer to them may be added meanwhile, and their
// keys may not be changed.
func ForUpdateOfParent(q Queryer) string {
	if q.Engine() == Postgres {
		return "FOR NO KEY UPDATE"
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
	globLiteral = strings.NewReplacer("[", "[[]", "?", "[?]", "*", "[*]")
)

// Pattern makes the argument that goes with Matches.
func Pattern(q Queryer, pattern string) string {
	if q.Engine() == Postgres {
		return likePattern.Replace(pattern)
	}
	return globPattern.Replace(pattern)
}

// Contains is the condition that a part is found somewhere in a column's text, whatever the case of its letters. The Part
// is the argument of that placeholder. What an engine itself takes for the other case of a letter depends on its locale,
// or ends with ASCII.
func Contains(q Queryer, column string, placeholder int) string {
	operator := " GLOB $"
	if q.Engine() == Postgres {
		operator = " ~ $"
	}
	return column + operator + strconv.Itoa(placeholder)
}

// Part makes the argument that goes with Contains: a pattern with a set of cases in place of each letter.
func Part(q Queryer, part string) string {
	var pattern strings.Builder
	for _, r := range part {
		cases := string(r)
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			cases += string(other)
		}
		switch {
		case len(cases) > len(string(r)):
			pattern.WriteString("[" + cases + "]")
		case q.Engine() == Postgres:
			pattern.WriteString(regexp.QuoteMeta(cases))
		default:
			pattern.WriteString(globLiteral.Replace(cases))
		}
	}
	if q.Engine() == Postgres {
		return pattern.String()
	}
	return "*" + pattern.String() + "*"
}
