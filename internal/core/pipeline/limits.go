package pipeline

import "time"

// Limits bound what a document may ask for (docs/contract/pipelines.md, section 30).
type Limits struct {
	// DocumentBytes bounds the document, and what its variables expand it to.
	DocumentBytes int
	// Nesting bounds how deep lists and mappings nest, Values how many values there are once aliases are followed.
	Nesting int
	Values  int

	// ExpandedBytes bounds what the steps and jobs of a document hold together, once defaults are merged into the
	// steps and matrices are expanded.
	ExpandedBytes int

	// Jobs bounds the jobs one document creates.
	Jobs int

	KeyLength              int // characters
	SkipReasonLength       int // characters
	ConcurrencyGroupLength int // characters

	MatrixDimensions   int
	MatrixElements     int // per dimension
	MatrixElementBytes int // names of dimensions and values
	MatrixAdjustments  int
	MatrixJobs         int

	// TimeoutMinutes is a hundred years, which a duration can hold; the contract knows no maximum.
	TimeoutMinutes int

	RetryLimit int
	RetryRules int

	ExitStatuses int // per list

	Fields       int // per block or input step
	FieldOptions int // per select field
	FormatLength int // bytes of a text field's regular expression
	AllowedTeams int

	SecretKeyLength int

	Notifications      int // per `notify`
	NotifyBytes        int // what a step's notifications may grow to as JSON
	SlackChannels      int // per notification
	CheckAnnotations   int // per notification
	CheckTextLength    int // bytes of a title, summary or text; GitHub's own limit
	NotifyTargetLength int // bytes of an address, URL, key or channel

	// ConditionTime bounds the time that the conditions of a document take together, where somebody measures it
	// (Options.Elapsed). A match of a regular expression that has begun may go on for conditional.MatchTimeout.
	ConditionTime time.Duration
}

// DefaultLimits are the contract's limits, and Bridle's own where the contract names none.
func DefaultLimits() Limits {
	return Limits{
		DocumentBytes:          10 << 20,
		Nesting:                64,
		Values:                 1 << 20,
		ExpandedBytes:          64 << 20,
		Jobs:                   500,
		KeyLength:              100,
		SkipReasonLength:       70,
		ConcurrencyGroupLength: 200,
		MatrixDimensions:       6,
		MatrixElements:         25,
		MatrixElementBytes:     128,
		MatrixAdjustments:      12,
		MatrixJobs:             50,
		TimeoutMinutes:         100 * 365 * 24 * 60,
		RetryLimit:             10,
		RetryRules:             100,
		ExitStatuses:           512,
		Fields:                 100,
		FieldOptions:           500,
		FormatLength:           1 << 10,
		AllowedTeams:           100,
		SecretKeyLength:        255,
		Notifications:          100,
		NotifyBytes:            1 << 20,
		SlackChannels:          100,
		CheckAnnotations:       1000,
		CheckTextLength:        65535,
		NotifyTargetLength:     2048,
		ConditionTime:          5 * time.Second,
	}
}
