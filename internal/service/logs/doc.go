// Package logs is the use cases of job logs: chunks in, one ordered stream of bytes out.
//
// While a job runs, its chunks are kept in a journal: on this node's disk beside SQLite, in a table beside PostgreSQL, so
// that any node can serve any log. A chunk is acknowledged when it is durable, may come in any order and again, and is
// placed by its offset. When the job has ended, the bytes in order become one compressed blob with an index and the
// journal lets go of them. Reading never holds a whole log.
//
// Permission is the caller's to check: whoever reads was shown the job, and whoever writes holds the job's token.
package logs
