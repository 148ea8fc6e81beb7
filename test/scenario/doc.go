// Package scenario runs behaviors told as text files (*.build) against a Driver: the rules alone, or a whole server with
// a scripted agent. The language is described in README.md.
package scenario
