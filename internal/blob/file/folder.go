package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
)

// makeFolder makes a folder and those above it, each durable before what is in it.
func (s *Store) makeFolder(name string) error {
	switch _, err := s.root.Stat(name); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := path.Dir(name)
	if parent != "." {
		if err := s.makeFolder(parent); err != nil {
			return err
		}
	}
	if err := s.root.Mkdir(name, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return s.sync(parent)
}

// sync makes the names in a folder durable.
func (s *Store) sync(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	f, err := s.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// reader is a range of a file.
type reader struct {
	io.LimitedReader
	file *os.File
}

// WriteTo lets a network connection take the bytes from the file without copying them through this process.
func (r *reader) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, &r.LimitedReader) }

func (r *reader) Close() error { return r.file.Close() }
