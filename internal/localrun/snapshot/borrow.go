package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// borrow makes a bare repository that finds the objects of g.
func (g repository) borrow(ctx context.Context, into string) (repository, error) {
	format, err := g.run(ctx, nil, "rev-parse", "--show-object-format")
	if err != nil {
		return repository{}, err
	}
	into, err = filepath.Abs(into)
	if err != nil {
		return repository{}, fmt.Errorf("repository of the snapshot: %w", err)
	}
	if err := os.MkdirAll(into, 0o700); err != nil {
		return repository{}, fmt.Errorf("repository of the snapshot: %w", err)
	}
	b := repository{dir: into, gitDir: into, commonDir: into}
	if _, err := b.run(ctx, nil, "init", "--quiet", "--bare", "--template=", "--object-format="+format, "."); err != nil {
		return repository{}, err
	}
	objects := filepath.Join(g.commonDir, "objects")
	if strings.ContainsAny(objects, "\n\"") {
		return repository{}, fmt.Errorf("the path %q of the repository cannot be written for git: move it", objects)
	}
	alternates := filepath.Join(into, "objects", "info", "alternates")
	if err := os.MkdirAll(filepath.Dir(alternates), 0o700); err != nil {
		return repository{}, fmt.Errorf("repository of the snapshot: %w", err)
	}
	if err := os.WriteFile(alternates, []byte(objects+"\n"), 0o600); err != nil {
		return repository{}, fmt.Errorf("repository of the snapshot: %w", err)
	}
	// A shallow clone ends where this file says, and so does what is cloned of it.
	return b, copyIfThere(filepath.Join(g.commonDir, "shallow"), filepath.Join(into, "shallow"))
}

// workingTree writes the working tree into b and returns its tree. The user's index is only read, through a copy, which
// saves reading every file again.
func (g repository) workingTree(ctx context.Context, b repository) (string, error) {
	index := filepath.Join(b.dir, "bridle-index")
	if err := copyIfThere(filepath.Join(g.gitDir, "index"), index); err != nil {
		return "", err
	}
	c := &call{env: []string{
		"GIT_INDEX_FILE=" + index,
		"GIT_OBJECT_DIRECTORY=" + filepath.Join(b.dir, "objects"),
	}}
	// A monitor of the file system would be started, and keep running, on behalf of the copied index.
	if _, err := g.run(ctx, c, "-c", "core.fsmonitor=false", "-c", "advice.addEmbeddedRepo=false", "add", "--all"); err != nil {
		return "", fmt.Errorf("take the working tree as it is: %w; what does not belong to the build can be listed in .gitignore", err)
	}
	return g.run(ctx, c, "write-tree")
}

// commit makes a commit of a tree after another commit, which may be "".
func (g repository) commit(ctx context.Context, b repository, tree, parent string, now time.Time) (string, error) {
	name, email := g.setting(ctx, "user.name"), g.setting(ctx, "user.email")
	if name == "" {
		name = "bridle"
	}
	if email == "" {
		email = "bridle@localhost"
	}
	date := fmt.Sprintf("%d +0000", now.Unix())
	c := &call{stdin: "Uncommitted changes\n", env: []string{
		"GIT_AUTHOR_NAME=" + name, "GIT_AUTHOR_EMAIL=" + email, "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=" + name, "GIT_COMMITTER_EMAIL=" + email, "GIT_COMMITTER_DATE=" + date,
	}}
	args := []string{"commit-tree", tree}
	if parent != "" {
		args = append(args, "-p", parent)
	}
	return b.run(ctx, c, args...)
}

// setting returns a value of git's configuration, "" when it is not set.
func (g repository) setting(ctx context.Context, name string) string {
	value, err := g.run(ctx, nil, "config", "--get", name)
	if err != nil {
		return ""
	}
	return value
}

func copyIfThere(from, to string) error {
	source, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("repository of the snapshot: %w", err)
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("repository of the snapshot: %w", err)
	}
	_, err = io.Copy(target, source)
	if err = errors.Join(err, target.Close()); err != nil {
		return fmt.Errorf("repository of the snapshot: %w", err)
	}
	return nil
}

// absolute reads a path as git prints it: as seen from a folder.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
