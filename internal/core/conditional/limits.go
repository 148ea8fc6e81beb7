package conditional

import "time"

// Limits that keep a condition cheap to parse, to store and to evaluate.
const (
	// MaxLength is the greatest length of a condition in bytes.
	MaxLength = 8 << 10
	// MaxDepth is how deep parentheses, negations, ternaries, arrays and substitutions may nest.
	MaxDepth = 100
	// MaxRegexLength is the greatest length of one regular expression in bytes.
	MaxRegexLength = 1 << 10
	// MaxRegexCount is how many regular expressions a condition may hold. Each may take up to MatchTimeout.
	MaxRegexCount = 64
	// MaxTextLength is the greatest length in bytes of a string after its substitutions.
	MaxTextLength = 1 << 20
	// MatchTimeout bounds one match of a regular expression (docs/contract/pipelines.md, section 7.3).
	MatchTimeout = time.Second
)
