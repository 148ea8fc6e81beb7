// Package blob keeps large, opaque objects under names: logs, artifacts, packages. It knows nothing of what they are.
package blob

import (
	"context"
	"errors"
	"io"
	"time"
)

const (
	// MaxKey is the most bytes of a key, and MaxSegment those between two slashes.
	MaxKey     = 512
	MaxSegment = 100
	// MaxParts is the highest number of a part.
	MaxParts = 10_000
)

var (
	// ErrNotFound says that there is no object of that name, or no upload of that id.
	ErrNotFound = errors.New("object not found")
	// ErrRange says that a read begins beyond the end of the object.
	ErrRange = errors.New("range begins beyond the end of the object")
	// ErrBadKey says that a name does not have the form of a key; see CheckKey.
	ErrBadKey = errors.New("bad object key")
	// ErrBadPart says that a part has a number that cannot be, or is not among those uploaded.
	ErrBadPart = errors.New("bad part")
)

// Info describes an object.
type Info struct {
	Size       int64 // in bytes
	ModifiedAt time.Time
}

// Part names an uploaded part of an object.
type Part struct {
	Number int // from 1 to MaxParts
	ETag   string
}

// Store keeps objects. All methods are safe for concurrent use. An object is seen whole or not at all, and is durable
// when the call that made it returns.
type Store interface {
	// Put makes or replaces an object. The caller bounds its size by what it lets r return.
	Put(ctx context.Context, key string, r io.Reader) (Info, error)
	// Get reads length bytes of an object from an offset, or to its end if length is -1 or goes beyond. Info is that of
	// the whole object. Fails with ErrNotFound and ErrRange.
	Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error)
	// Stat describes an object. Fails with ErrNotFound.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes an object. It is no error if there is none.
	Delete(ctx context.Context, key string) error
	// DeletePrefix removes all objects whose keys begin with prefix, which ends with a slash.
	DeletePrefix(ctx context.Context, prefix string) error

	// CreateParts begins an upload in parts and returns its id. The object appears with Complete.
	CreateParts(ctx context.Context, key string) (id string, err error)
	// PutPart uploads a part, in any order and repeatedly; each result can be named in Complete by its etag. Fails with
	// ErrNotFound if the upload is over, and ErrBadPart.
	PutPart(ctx context.Context, key, id string, number int, r io.Reader) (etag string, err error)
	// Complete makes the object of parts in ascending order and ends the upload. Fails with ErrNotFound and ErrBadPart.
	Complete(ctx context.Context, key, id string, parts []Part) (Info, error)
	// Abort ends an upload and drops its parts. It is no error if it is over.
	Abort(ctx context.Context, key, id string) error
}
