// Package examples runs the programs of the folder examples at the top of the repository against a server, in every
// language, and looks at what they print.
package examples
