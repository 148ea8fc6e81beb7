package artifacts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// File is an artifact with its bytes. It is used by one goroutine, and closed.
type File struct {
	store.Artifact
	ModifiedAt time.Time
	content
}

// Open returns the file of a signed address.
func (s *Service) Open(ctx context.Context, id string, signature Signature) (*File, error) {
	if err := s.links.check(signature, forDownload, id); err != nil {
		return nil, err
	}
	a, err := store.GetArtifact(ctx, s.store.Read(), id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, fault.Missing("artifact")
	case err != nil:
		return nil, fmt.Errorf("find artifact %s: %w", id, err)
	case a.State != store.ArtifactFinished:
		return nil, unavailable(a)
	}
	info, err := s.blobs.Stat(ctx, a.BlobKey)
	if err != nil {
		return nil, fmt.Errorf("open artifact %s: %w", id, err)
	}
	return &File{
		Artifact: a, ModifiedAt: info.ModifiedAt,
		content: content{ctx: ctx, blobs: s.blobs, key: a.BlobKey, size: info.Size},
	}, nil
}

// content reads an object from wherever it is told to. It opens the object only to read from it.
type content struct {
	ctx    context.Context // of the request that the object is read for
	blobs  blob.Store
	key    string
	size   int64
	offset int64
	open   io.ReadCloser
}

// Read reads from the present offset.
func (c *content) Read(p []byte) (int, error) {
	if c.offset >= c.size {
		return 0, io.EOF
	}
	if c.open == nil {
		r, _, err := c.blobs.Get(c.ctx, c.key, c.offset, -1)
		if err != nil {
			return 0, err
		}
		c.open = r
	}
	n, err := c.open.Read(p)
	c.offset += int64(n)
	return n, err
}

// Seek moves the offset.
func (c *content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.offset
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning")
	}
	if offset == c.offset {
		return offset, nil
	}
	c.offset = offset
	return offset, c.Close()
}

// Close lets go of the object.
func (c *content) Close() error {
	if c.open == nil {
		return nil
	}
	r := c.open
	c.open = nil
	return r.Close()
}
