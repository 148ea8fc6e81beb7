package logs

import (
	"context"
	"errors"
)

// journal keeps the chunks of open logs.
type journal interface {
	// append makes a chunk durable. Bytes that are held already are left as they are. The error is errNotOpen when the
	// log's row has to be looked at: it may be missing yet, or say that the log is open no more.
	append(ctx context.Context, jobID string, offset int64, data []byte) error
	// admit says that the row has been looked at and the log is open.
	admit(jobID string) error
	// size is how many bytes there are from the beginning without a gap.
	size(ctx context.Context, jobID string) (int64, error)
	// next returns the bytes from an offset on, as many as are at hand, and where they begin: there, or after a gap if
	// pastGaps says that gaps will not be filled any more. No bytes mean that there are none. The bytes may be in
	// buffer, which the caller gives to have it used again.
	next(ctx context.Context, jobID string, offset int64, pastGaps bool, buffer []byte) (start int64, data []byte, err error)
	// seal refuses chunks from now on. The log's row already says that it is open no more.
	seal(jobID string) error
	// discard forgets a log.
	discard(ctx context.Context, jobID string) error
}

// errNotOpen says that a log is not known to take chunks.
var errNotOpen = errors.New("the log is not open")
