// Package builds is the life of builds: made, uploaded to, blocked and unblocked, canceled, retried and rebuilt; and of
// their jobs from runnable to finished, so also who runs them.
//
// A build is the unit of consistency. Whatever changes its steps or jobs takes the build's row first, loads what the
// event concerns, asks core/build, and writes the difference in the same transaction (see change.go). Only claims of
// scheduled jobs by agents are made without that lock, by compare-and-set on the job's row.
package builds
