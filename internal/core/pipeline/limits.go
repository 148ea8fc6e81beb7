package pipeline

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

	KeyLength        int // characters
	SkipReasonLength int // characters

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
}

// DefaultLimits are the contract's limits, and Bridle's own where the contract names none.
func DefaultLimits() Limits {
	return Limits{
		DocumentBytes:      10 << 20,
		Nesting:            64,
		Values:             1 << 20,
		ExpandedBytes:      64 << 20,
		Jobs:               500,
		KeyLength:          100,
		SkipReasonLength:   70,
		MatrixDimensions:   6,
		MatrixElements:     25,
		MatrixElementBytes: 128,
		MatrixAdjustments:  12,
		MatrixJobs:         50,
		TimeoutMinutes:     100 * 365 * 24 * 60,
		RetryLimit:         10,
		RetryRules:         100,
		ExitStatuses:       512,
		Fields:             100,
		FieldOptions:       500,
		FormatLength:       1 << 10,
		AllowedTeams:       100,
		SecretKeyLength:    255,
	}
}
