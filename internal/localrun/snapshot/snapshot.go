// Package snapshot makes a repository to build from out of a working tree as it is, uncommitted changes included. The
// user's repository is only read: what is new goes into a repository of its own that borrows the user's objects. It
// knows nothing of pipelines.
package snapshot

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Options say what to take a snapshot of.
type Options struct {
	// Dir is a folder in the working tree.
	Dir string
	// Into is an empty or missing folder for the new repository.
	Into string
	// Commit names a committed state to take instead of the working tree.
	Commit string
	// Branch is the branch to build; empty means the one that is checked out.
	Branch string
	// Now dates the commit of uncommitted changes.
	Now time.Time
}

// Snapshot is a repository with the state to build on a branch.
type Snapshot struct {
	// Repository is the folder of a bare repository with the branches and tags that a clone of the user's origin has,
	// and Branch at Commit.
	Repository string
	// Root is the top folder of the user's working tree.
	Root   string
	Commit string
	Branch string
	// DefaultBranch is the origin's, as far as it is known here; else Branch.
	DefaultBranch string
	// Message, AuthorName and AuthorEmail are of the last real commit: also of uncommitted changes.
	Message     string
	AuthorName  string
	AuthorEmail string
	// Dirty says that Commit holds uncommitted changes and exists only here.
	Dirty bool
	// Environment is what git has to be told, as KEY=value, to clone the submodules of the working tree.
	Environment []string
}

// Errors that the user can do something about.
var (
	ErrNoGit        = errors.New("git was not found on the PATH: install it from https://git-scm.com")
	ErrNoRepository = errors.New("this folder is in no git repository: go to one, or make one with `git init`")
	ErrBare         = errors.New("this git repository has no working tree: run in a clone of it")
)

// Take makes a snapshot.
func Take(ctx context.Context, o Options) (Snapshot, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return Snapshot{}, fmt.Errorf("folder of the repository: %w", err)
	}
	g := repository{dir: dir}
	if err := g.find(ctx); err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{Root: g.dir, Repository: o.Into}
	head, err := g.resolve(ctx, "HEAD")
	if err != nil {
		return Snapshot{}, err
	}
	if s.Branch, err = g.branch(ctx, o.Branch, head); err != nil {
		return Snapshot{}, err
	}
	b, err := g.borrow(ctx, o.Into)
	if err != nil {
		return Snapshot{}, err
	}
	if err := s.choose(ctx, g, b, head, o); err != nil {
		return Snapshot{}, err
	}
	if err := s.describe(ctx, b, head); err != nil {
		return Snapshot{}, err
	}
	if s.DefaultBranch, err = g.copyRefs(ctx, b, s.Branch, s.Commit); err != nil {
		return Snapshot{}, err
	}
	s.Environment, err = g.submodules(ctx, b, s.Commit)
	return s, err
}

// choose sets the commit to build.
func (s *Snapshot) choose(ctx context.Context, g, b repository, head string, o Options) error {
	if o.Commit != "" {
		commit, err := g.resolve(ctx, o.Commit)
		if err != nil {
			return err
		}
		if commit == "" {
			return fmt.Errorf("--commit %s: there is no such commit in this repository", o.Commit)
		}
		s.Commit = commit
		return nil
	}
	tree, err := g.workingTree(ctx, b)
	if err != nil {
		return err
	}
	if head != "" {
		committed, err := g.run(ctx, nil, "rev-parse", "--verify", head+"^{tree}")
		if err != nil {
			return err
		}
		if committed == tree {
			s.Commit = head
			return nil
		}
	}
	s.Dirty = true
	s.Commit, err = g.commit(ctx, b, tree, head, o.Now)
	return err
}

// describe sets the message and author: those of the commit that the changes come after.
func (s *Snapshot) describe(ctx context.Context, b repository, head string) error {
	commit := s.Commit
	if s.Dirty && head != "" {
		commit = head
	}
	text, err := b.run(ctx, nil, "log", "-1", "--no-show-signature", "--format=%an%n%ae%n%B", commit, "--")
	if err != nil {
		return err
	}
	parts := strings.SplitN(text, "\n", 3)
	for len(parts) < 3 {
		parts = append(parts, "")
	}
	s.AuthorName, s.AuthorEmail, s.Message = parts[0], parts[1], strings.TrimSpace(parts[2])
	return nil
}

// ErrNoFile is returned by File for what is not in the snapshot.
var ErrNoFile = errors.New("no such file in the snapshot")

// maxFileBytes bounds what File returns.
const maxFileBytes = 16 << 20

// File returns a file of the snapshot. Its path has slashes and begins at the root.
func (s Snapshot) File(ctx context.Context, path string) ([]byte, error) {
	g := repository{dir: s.Repository}
	object := s.Commit + ":" + path
	data, err := g.output(ctx, nil, "cat-file", "blob", object)
	var failed *gitError
	if errors.As(err, &failed) {
		return nil, ErrNoFile
	}
	return data, err
}

// Name is a name for what is built: that of the working tree's folder.
func (s Snapshot) Name() string { return filepath.Base(s.Root) }
