// Package conditional parses, checks and evaluates the language of `if`: the conditions of steps, groups, notifications
// and trigger filters, as described in docs/contract/pipelines.md, section 7.
//
// Parse reads a condition once for the place it stands in and returns an expression that is checked completely: grammar,
// types, names of variables and functions, environment variables and regular expressions. Eval then answers for one
// build. An expression is never changed after Parse and may be evaluated by several goroutines.
//
// The package decides nothing about what a condition is for, and it must not know where values come from: callers put
// them into Vars.
package conditional
