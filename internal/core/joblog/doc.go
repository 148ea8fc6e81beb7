// Package joblog is the rules of a job's log: where its chunks belong, and what its header lines are.
//
// Chunks arrive in any order, several times, cut anywhere; they are placed by their offset (docs/contract/agent-api.md,
// section 10). It knows no storage and no rendering.
package joblog

// Limits of the contract (docs/contract/pipelines.md, section 30) and our own.
const (
	// MaxBytes is how much of a log is kept.
	MaxBytes = 1 << 30
	// MaxChunkBytes is the largest chunk, uncompressed.
	MaxChunkBytes = 1 << 20
	// MaxPieces is how many separate pieces of a log may be held, which out-of-order chunks make many of.
	MaxPieces = 1 << 17
	// MaxHeaders is how many header lines get a time.
	MaxHeaders = 10000
)

// TruncationNotice is the last line of a log of which more than MaxBytes came.
const TruncationNotice = "\r\n\x1b[31mThe log was cut off here: it is larger than 1024 MiB. Upload large output as an artifact.\x1b[0m\r\n"
