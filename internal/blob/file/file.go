// Package file keeps objects as files under a folder.
//
// A key becomes a path of names that no file system confuses; the layout stands in path.go. A file is written aside,
// synced and renamed, so that a crash leaves the old object or the new one. It serves one machine: others need a shared
// store.
package file

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/bridle-ci/bridle/internal/blob"
)

const (
	folderMode = 0o700
	fileMode   = 0o600
	// forgottenAfter is the age at which a file that was being written must be from a process that died.
	forgottenAfter = 24 * time.Hour
	// placeAttempts is how often a folder is made again that a deletion took away before the file was in it.
	placeAttempts = 10
)

// Store is a blob.Store in a folder. Use Open.
type Store struct {
	root *os.Root
}

var _ blob.Store = (*Store)(nil)

// Open uses a folder, which it makes if needed. Nothing else may write there.
func Open(folder string) (*Store, error) {
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	s := &Store{root}
	if err := errors.Join(root.MkdirAll(tempFolder, folderMode), root.MkdirAll(partsFolder, folderMode)); err != nil {
		return nil, errors.Join(fmt.Errorf("open object store: %w", err), root.Close())
	}
	if err := s.removeForgotten(time.Now().Add(-forgottenAfter)); err != nil {
		return nil, errors.Join(fmt.Errorf("open object store: %w", err), root.Close())
	}
	return s, nil
}

// Close releases the folder. Objects being read stay readable.
func (s *Store) Close() error { return s.root.Close() }

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader) (blob.Info, error) {
	name, err := objectPath(key)
	if err != nil {
		return blob.Info{}, err
	}
	info, err := s.write(ctx, name, func(f *os.File) error {
		_, err := io.Copy(f, contextReader{ctx, r})
		return err
	})
	if err != nil {
		return blob.Info{}, fmt.Errorf("put object %s: %w", key, err)
	}
	return info, nil
}

// Get implements blob.Store.
func (s *Store) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, blob.Info, error) {
	name, err := objectPath(key)
	if err != nil {
		return nil, blob.Info{}, err
	}
	if err := ctx.Err(); err != nil {
		return nil, blob.Info{}, err
	}
	f, err := s.root.Open(name)
	if err != nil {
		return nil, blob.Info{}, fmt.Errorf("get object %s: %w", key, notFound(err))
	}
	info, err := describe(f.Stat())
	if err == nil && (offset < 0 || offset > info.Size) {
		err = blob.ErrRange
	}
	if err == nil {
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, blob.Info{}, errors.Join(fmt.Errorf("get object %s: %w", key, err), f.Close())
	}
	rest := info.Size - offset
	if length >= 0 && length < rest {
		rest = length
	}
	return &reader{io.LimitedReader{R: f, N: rest}, f}, info, nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	name, err := objectPath(key)
	if err != nil {
		return blob.Info{}, err
	}
	if err := ctx.Err(); err != nil {
		return blob.Info{}, err
	}
	info, err := describe(s.root.Stat(name))
	if err != nil {
		return blob.Info{}, fmt.Errorf("stat object %s: %w", key, notFound(err))
	}
	return info, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	name, err := objectPath(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete object %s: %w", key, err)
	}
	s.prune(path.Dir(name))
	return nil
}

// DeletePrefix implements blob.Store.
func (s *Store) DeletePrefix(ctx context.Context, prefix string) error {
	name, err := prefixPath(prefix)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.root.RemoveAll(name); err != nil {
		return fmt.Errorf("delete objects %s: %w", prefix, err)
	}
	s.prune(path.Dir(name))
	return nil
}

// prune removes folders that became empty, up to the first that did not. Failing to costs nothing but an empty folder.
func (s *Store) prune(folder string) {
	for folder != "." && s.root.Remove(folder) == nil {
		folder = path.Dir(folder)
	}
}

// write makes the file name of what fill writes, whole or not at all.
func (s *Store) write(ctx context.Context, name string, fill func(f *os.File) error) (blob.Info, error) {
	temp, info, err := s.stage(ctx, fill)
	if err != nil {
		return blob.Info{}, err
	}
	if err := s.place(temp, name); err != nil {
		return blob.Info{}, errors.Join(err, s.root.RemoveAll(temp))
	}
	return info, nil
}

// stage makes a durable file of a passing name.
func (s *Store) stage(ctx context.Context, fill func(f *os.File) error) (temp string, info blob.Info, err error) {
	temp = path.Join(tempFolder, rand.Text())
	f, err := s.root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return "", blob.Info{}, err
	}
	if err = fill(f); err == nil {
		err = f.Sync()
	}
	info, statErr := describe(f.Stat())
	if err = errors.Join(err, statErr, f.Close(), ctx.Err()); err != nil {
		return "", blob.Info{}, errors.Join(err, s.root.RemoveAll(temp))
	}
	return temp, info, nil
}

// place gives a staged file its name, making folders that a deletion may take away again at the same time.
func (s *Store) place(temp, name string) error {
	folder := path.Dir(name)
	for attempt := 1; ; attempt++ {
		err := s.makeFolder(folder)
		if err == nil {
			err = s.root.Rename(temp, name)
		}
		if err == nil {
			break
		}
		if attempt == placeAttempts || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := s.sync(folder); !errors.Is(err, fs.ErrNotExist) { // deleted already
		return err
	}
	return nil
}

// removeForgotten removes files that a process that died was writing.
func (s *Store) removeForgotten(before time.Time) error {
	entries, err := fs.ReadDir(s.root.FS(), tempFolder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(before) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.root.RemoveAll(path.Join(tempFolder, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func describe(info fs.FileInfo, err error) (blob.Info, error) {
	if err != nil {
		return blob.Info{}, err
	}
	return blob.Info{Size: info.Size(), ModifiedAt: info.ModTime().UTC()}, nil
}

func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return blob.ErrNotFound
	}
	return err
}
