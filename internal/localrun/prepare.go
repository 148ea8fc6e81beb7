package localrun

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/localrun/document"
	"github.com/bridle-ci/bridle/internal/localrun/snapshot"
)

// source is what is built.
type source struct {
	snapshot.Snapshot
	// file is the pipeline file as people know it, upload the one that is uploaded.
	file   string
	upload string
}

// maxDocument bounds a pipeline file that is not in the repository, in bytes; a larger one is refused by the parser.
const maxDocument = 16 << 20

// prepare makes what is built, and refuses a pipeline that cannot be.
func (r *run) prepare() (source, error) {
	dir := r.Dir
	if dir == "" {
		dir = "."
	}
	taken, err := snapshot.Take(r.soft, snapshot.Options{
		Dir: dir, Into: filepath.Join(r.temp, "repository.git"), Commit: r.Commit, Branch: r.Branch, Now: time.Now(),
	})
	if err != nil {
		return source{}, err
	}
	s := source{Snapshot: taken}
	data, err := r.document(dir, &s)
	if err != nil {
		return source{}, err
	}
	if err := document.Check(s.file, data); err != nil {
		return source{}, err
	}
	if r.Step != "" {
		if data, err = document.Only(s.file, data, r.Step); err != nil {
			return source{}, err
		}
	}
	s.upload = filepath.Join(r.temp, "pipeline.yml")
	if err := os.WriteFile(s.upload, data, 0o600); err != nil {
		return source{}, fmt.Errorf("write the pipeline to upload: %w", err)
	}
	return s, nil
}

// document returns the pipeline file and names it. Without a name it is the repository's own, as it is in what is built.
func (r *run) document(dir string, s *source) ([]byte, error) {
	if r.File == "" {
		path, err := document.Locate(func(path string) bool {
			_, err := s.Snapshot.File(r.soft, path)
			return err == nil
		})
		if err != nil {
			return nil, err
		}
		s.file = path
		return s.Snapshot.File(r.soft, path)
	}
	s.file = r.File
	path := filepath.Join(dir, r.File)
	if filepath.IsAbs(r.File) {
		path = r.File
	}
	if inside, ok := within(s.Root, path); ok {
		data, err := s.Snapshot.File(r.soft, inside)
		if !errors.Is(err, snapshot.ErrNoFile) {
			return data, err
		}
		if r.Commit != "" {
			return nil, fmt.Errorf("%s is not in commit %s", r.File, r.Commit)
		}
	}
	// It is ignored by git, or elsewhere.
	return readFile(r.soft, path)
}

func readFile(ctx context.Context, path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("pipeline file: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("pipeline file: %s is no file", path)
	case info.Size() > maxDocument:
		return nil, fmt.Errorf("pipeline file: %s is larger than %d bytes", path, maxDocument)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("pipeline file: %w", err)
	}
	return data, ctx.Err()
}

// within returns a path as seen from a folder, with slashes, if it is in there.
func within(root, path string) (string, bool) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path))
	}
	inside, err := filepath.Rel(root, path)
	if err != nil || inside == ".." || strings.HasPrefix(inside, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(inside), true
}
