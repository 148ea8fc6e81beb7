// Package zzglob resolves the glob patterns of the official agent: artifact
// paths, if_changed and cache checksums. It stands in for the agent's own glob
// library, which some module proxies do not serve, and has only the names the
// agent uses.
//
// The syntax is the one published at
// https://buildkite.com/docs/pipelines/configure/glob-pattern-syntax:
//
//	\x      the character x itself
//	?       one character other than /
//	*       any characters other than /
//	**      any characters; as a whole segment also no segment: a/**/b matches a/b
//	{a,b}   a or b, which are patterns themselves and may be empty
//	[abc]   one of the characters
//	[^abc]  one character that is neither / nor in the list
//	~       at the start and alone in its segment, the home directory
//
// Buildkite's pages disagree about ranges such as [0-9]; here they work, as in
// shells. On Windows \ and / change roles. Names that start with a dot are ordinary
// names, and a pattern always matches a whole path.
package zzglob

import (
	"path/filepath"
	"regexp"
)

// Pattern is a parsed glob pattern. It is safe for concurrent use.
type Pattern struct {
	// base is the directory that walking starts in: "" or a slash-separated
	// path that ends in a slash, spelled as in the pattern.
	base string

	// literal is the only path that can match when isLiteral is set.
	literal   string
	isLiteral bool

	full *regexp.Regexp // matches the paths the pattern matches
	dirs *regexp.Regexp // matches the directories, slash at the end, that may hold some
}

// ParseOption changes how Parse reads a pattern.
type ParseOption func(*parser)

// ExpandTilde says whether a leading ~ stands for the home directory. It does
// by default.
func ExpandTilde(on bool) ParseOption {
	return func(p *parser) { p.expandTilde = on }
}

// Parse reads a pattern. It fails for brackets, braces and escapes that are
// not completed, and when there is a ~ to expand but no home directory.
func Parse(pattern string, opts ...ParseOption) (*Pattern, error) {
	return parse(pattern, filepath.Separator, opts...)
}

// Match reports whether the pattern matches path as it is written; nothing is
// looked up in the file system.
func (p *Pattern) Match(path string) bool {
	return p.full.MatchString(filepath.ToSlash(path))
}
