// Package artifact is the rules about files that jobs upload: which paths they may have, what a search pattern matches,
// and how a large file is cut into parts.
//
// The contract is docs/contract/agent-api.md, section 12, and docs/contract/pipelines.md, sections 27 and 30. It knows no
// storage; a path is data and never a file's name here.
package artifact

// Limits of the contract (docs/contract/pipelines.md, sections 27 and 30).
const (
	// MaxPerBatch is the number of artifacts in one request.
	MaxPerBatch = 30
	// MaxPerJob is the number of artifacts of a job.
	MaxPerJob = 5000
	// MaxFileBytes and MaxBatchBytes bound sizes in bytes.
	MaxFileBytes  = 10 << 30
	MaxBatchBytes = 50 << 30
	// MaxPathBytes is our own bound on the length of a path, MaxPatternBytes on a pattern's.
	MaxPathBytes    = 4096
	MaxPatternBytes = 1024
)
