// Package commit reads what an agent tells of the commit it checked out (docs/contract/pipelines.md, section 23).
package commit

import (
	"regexp"
	"strings"
)

// Commit is what is told of a commit.
type Commit struct {
	ID          string
	AuthorName  string
	AuthorEmail string
	// Message is the subject and the body.
	Message string
}

var (
	idForm     = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	authorForm = regexp.MustCompile(`^(.*?)\s*<([^<>]*)>$`)
)

// Parse reads a description: header lines, a blank line, and the message indented by four blanks. It is false when there
// is no full commit id in it.
func Parse(text string) (Commit, bool) {
	var c Commit
	header, message, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	for line := range strings.SplitSeq(header, "\n") {
		name, value, _ := strings.Cut(line, " ")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "commit":
			c.ID = value
		case "author:":
			if m := authorForm.FindStringSubmatch(value); m != nil {
				c.AuthorName, c.AuthorEmail = m[1], m[2]
			}
		}
	}
	c.Message = unindent(message)
	return c, idForm.MatchString(c.ID)
}

func unindent(message string) string {
	lines := strings.Split(message, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "    ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
