package file_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/blob/blobtest"
	"github.com/bridle-ci/bridle/internal/blob/file"
	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, folder string) *file.Store {
	t.Helper()
	s, err := file.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()

	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, t.TempDir()) })
}

// files lists all files under a folder, and its folders if they are empty.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if entries, err := os.ReadDir(path); err != nil || len(entries) > 0 {
				return err
			}
		}
		name, err := filepath.Rel(folder, path)
		list = append(list, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestLayout(t *testing.T) {
	t.Parallel()

	folder := filepath.Join(t.TempDir(), "made", "here")
	s := open(t, folder)
	for _, key := range []string{"one", "logs/0197-Ab/text", "logs/0197-Ab"} {
		if _, err := s.Put(t.Context(), key, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	id, err := s.CreateParts(t.Context(), "logs/0197-Ab")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"objects/logs/d8/0197-!ab/text~", "objects/logs/d8/0197-!ab~", "objects/one~", "parts/" + id + "/key", "temp"}
	if diff := cmp.Diff(want, files(t, folder)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	err = errors.Join(s.DeletePrefix(t.Context(), "logs/"), s.Delete(t.Context(), "one"), s.Abort(t.Context(), "logs/0197-Ab", id))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"parts", "temp"}, files(t, folder)); diff != "" {
		t.Errorf("files left (-want +got):\n%s", diff)
	}
}

func TestKeptOverReopening(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	s := open(t, folder)
	if _, err := s.Put(t.Context(), "logs/1", strings.NewReader("kept")); err != nil {
		t.Fatal(err)
	}
	id, err := s.CreateParts(t.Context(), "logs/2")
	if err != nil {
		t.Fatal(err)
	}
	s = open(t, folder)
	if info, err := s.Stat(t.Context(), "logs/1"); err != nil || info.Size != 4 {
		t.Errorf("stat: %+v, %v", info, err)
	}
	if _, err := s.PutPart(t.Context(), "logs/2", id, 1, strings.NewReader("x")); err != nil {
		t.Errorf("part: %v", err)
	}
}

func TestOpenRemovesForgottenFiles(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	open(t, folder)
	forgotten, recent := filepath.Join(folder, "temp", "forgotten"), filepath.Join(folder, "temp", "recent")
	for _, name := range []string{forgotten, recent} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(forgotten, old, old); err != nil {
		t.Fatal(err)
	}
	open(t, folder)
	if diff := cmp.Diff([]string{"parts", "temp/recent"}, files(t, folder)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()

	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := file.Open(name); err == nil {
		t.Error("opened a file as a folder")
		_ = s.Close()
	}
}

func TestSymbolicLinkOutIsNotFollowed(t *testing.T) {
	t.Parallel()

	outside, folder := t.TempDir(), t.TempDir()
	s := open(t, folder)
	if err := os.WriteFile(filepath.Join(outside, "secret~"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(folder, "objects")); err != nil {
		t.Fatal(err)
	}
	if r, _, err := s.Get(t.Context(), "secret", 0, -1); err == nil {
		_ = r.Close()
		t.Error("read a file outside the folder")
	}
}
