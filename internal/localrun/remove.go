package localrun

import (
	"io/fs"
	"os"
	"path/filepath"
)

// removeAll removes a folder, also what jobs have made read-only in it, as the module cache of Go does.
func removeAll(path string) error {
	if err := os.RemoveAll(path); err == nil {
		return nil
	}
	_ = filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil // what cannot be changed is told by the removal
	})
	return os.RemoveAll(path)
}
