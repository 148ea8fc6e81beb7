// Package archtest holds the tests that keep docs/architecture.md true: its section "Direction" is read and compared with
// what the packages of the tree import. There is nothing here for other packages.
package archtest
