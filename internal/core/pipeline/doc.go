// Package pipeline turns a pipeline document (YAML or JSON) into a compiled plan: the steps in order, with aliases
// folded, groups, defaults, conditions, branch filters, matrix and parallelism worked out, so that what follows
// only has to run it. It knows nothing of stored builds, agents or time.
//
// Parse reads a document and (*Document).Compile works it out for one build; both refuse with an *Error that holds the
// contract's text and the place. A step is first brought into its one form (normalize.go), then read attribute by
// attribute (a file for each kind of step and for each larger attribute), and its normal form is kept as Step.Raw.
//
// The contract is docs/contract/pipelines.md, sections 1, 2, 7 to 11, 15, 16 and 30.
package pipeline
