package zzglob

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// GlobOption changes how Glob and MultiGlob walk.
type GlobOption func(*walker)

// WalkIntermediateDirs says whether the function is also called for the
// directories on the way to matches. It is not by default.
func WalkIntermediateDirs(on bool) GlobOption {
	return func(w *walker) { w.intermediateDirs = on }
}

// TraverseSymlinks says whether symbolic links found on the way are followed
// to directories. They are by default; a link that leads back to a directory
// it was found in is not. The part of a pattern before its first special
// character is always followed, since it names that place.
func TraverseSymlinks(on bool) GlobOption {
	return func(w *walker) { w.traverseSymlinks = on }
}

// Glob is MultiGlob for one pattern that cannot be interrupted.
func (p *Pattern) Glob(fn fs.WalkDirFunc, opts ...GlobOption) error {
	return MultiGlob(context.Background(), []*Pattern{p}, fn, opts...)
}

// MultiGlob calls fn for each path that matches, one pattern after the other
// and in lexical order within a pattern. A path that several patterns match is
// reported for each of them. Relative patterns are resolved in, and yield paths
// relative to, the working directory.
//
// fn is told about errors and decides about them as in [fs.WalkDir]; fs.SkipDir
// and fs.SkipAll work as there. What is missing is no error but no match.
// MultiGlob returns the error of fn or, once ctx is done, that of ctx.
func MultiGlob(ctx context.Context, patterns []*Pattern, fn fs.WalkDirFunc, opts ...GlobOption) error {
	w := walker{ctx: ctx, fn: fn, traverseSymlinks: true}
	for _, opt := range opts {
		opt(&w)
	}
	for _, p := range patterns {
		w.pattern = p
		err := w.walk()
		if errors.Is(err, fs.SkipAll) {
			return nil
		}
		if err != nil && !errors.Is(err, fs.SkipDir) {
			return err
		}
	}
	return nil
}

// walker resolves one pattern at a time. Paths within it are slash-separated
// and start as the pattern does, so that the pattern can be matched against
// them; native turns them into what fn is to see.
type walker struct {
	ctx     context.Context
	pattern *Pattern
	fn      fs.WalkDirFunc

	intermediateDirs bool
	traverseSymlinks bool
}

func (w *walker) walk() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.pattern.isLiteral {
		return w.literal()
	}
	root := native(w.pattern.base)
	info, err := os.Stat(root)
	if err != nil {
		return w.failed(root, nil, err)
	}
	if !info.IsDir() {
		return nil
	}
	d := fs.FileInfoToDirEntry(info)
	if w.intermediateDirs {
		if err := w.fn(root, d, nil); err != nil {
			return err
		}
	}
	return w.directory(w.pattern.base, d)
}

func (w *walker) literal() error {
	path := native(w.pattern.literal)
	info, err := os.Lstat(w.pattern.literal) // not path: the empty literal is not "."
	if err != nil {
		return w.failed(path, nil, err)
	}
	return w.fn(path, fs.FileInfoToDirEntry(info), nil)
}

// directory visits what is in dir, which is empty or ends in a slash.
func (w *walker) directory(dir string, d fs.DirEntry) error {
	// ReadDir may return both an error and the entries before it.
	entries, err := os.ReadDir(native(dir))
	if err != nil {
		if err := w.failed(native(dir), d, err); err != nil {
			return skipped(err)
		}
	}
	for _, entry := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.entry(dir+entry.Name(), entry); err != nil {
			return skipped(err)
		}
	}
	return nil
}

func (w *walker) entry(path string, d fs.DirEntry) error {
	descend := w.pattern.dirs.MatchString(path+"/") && w.leadsOn(path, d)
	if w.pattern.full.MatchString(path) || descend && w.intermediateDirs {
		err := w.fn(native(path), d, nil)
		if descend && errors.Is(err, fs.SkipDir) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	if !descend {
		return nil
	}
	return w.directory(path+"/", d)
}

// leadsOn reports whether path is a directory to walk into.
func (w *walker) leadsOn(path string, d fs.DirEntry) bool {
	if d.IsDir() || d.Type()&fs.ModeSymlink == 0 || !w.traverseSymlinks {
		return d.IsDir()
	}
	target, err := os.Stat(native(path))
	if err != nil || !target.IsDir() {
		return false
	}
	for len(path) > len(w.pattern.base) {
		path = path[:strings.LastIndexByte(path, '/')+1]
		if above, err := os.Stat(native(path)); err == nil && os.SameFile(above, target) {
			return false
		}
		path = strings.TrimSuffix(path, "/")
	}
	return true
}

// failed leaves err to fn unless it only says that nothing is there.
func (w *walker) failed(path string, d fs.DirEntry, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return w.fn(path, d, err)
}

// skipped ends a request to skip a directory at that directory.
func skipped(err error) error {
	if errors.Is(err, fs.SkipDir) {
		return nil
	}
	return err
}

// native is "." for the empty path.
func native(path string) string {
	return filepath.Clean(path)
}
