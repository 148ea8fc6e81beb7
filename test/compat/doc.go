// Package compat drives a running server with the unmodified clients that it is made for: the official agent and
// go-buildkite, and curl's plain HTTP. The server is the real binary in a process of its own, so that it can be killed.
// Every answer is compared with the contract (journal_test.go), and TestCoverage counts what was met of it.
package compat
