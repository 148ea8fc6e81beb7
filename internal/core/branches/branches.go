// Package branches decides whether a branch passes a list of branch patterns, as written in a step's `branches`, in a
// pipeline's branch filter and in the filters of skipping and canceling intermediate builds. The rules are those of
// docs/contract/pipelines.md, section 8. It must not know which of these places asks.
package branches

import "strings"

// Match reports whether branch passes patterns, a list separated by white space. A pattern is literal and case-sensitive
// except that `*` stands for any run of characters, `/` included, and that a leading `!` negates it. A branch passes when
// no negated pattern matches it and, if there are other patterns, at least one of them does. A blank list matches
// everything. The list form of a step's `branches` is its elements joined with spaces.
//
// The time taken grows with the length of patterns plus, for each pattern, the length of branch.
func Match(patterns, branch string) bool {
	wanted, found := false, false
	for pattern := range strings.FieldsSeq(patterns) {
		if excluded, negated := strings.CutPrefix(pattern, "!"); negated {
			if matchOne(excluded, branch) {
				return false
			}
			continue
		}
		wanted = true
		found = found || matchOne(pattern, branch)
	}
	return found || !wanted
}

// matchOne reports whether all of branch matches one pattern. What stands between two asterisks is taken at its first
// occurrence: a later one would leave less of the branch for the rest of the pattern, so no other choice needs a try.
func matchOne(pattern, branch string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == branch
	}
	branch, ok := strings.CutPrefix(branch, head)
	if !ok {
		return false
	}
	for {
		var piece string
		piece, rest, wild = strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(branch, piece)
		}
		at := strings.Index(branch, piece)
		if at < 0 {
			return false
		}
		branch = branch[at+len(piece):]
	}
}
