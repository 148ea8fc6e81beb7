package snapshot_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/localrun/snapshot"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// git runs git for a test and returns what it prints.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(snapshot.CleanEnvironment(os.Environ()), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// repository makes one with two commits on main.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "--quiet", "--initial-branch=main")
	git(t, dir, "config", "user.name", "Ada")
	git(t, dir, "config", "user.email", "ada@example.com")
	write(t, dir, "a.txt", "one\n")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "--quiet", "--message", "First")
	write(t, dir, "a.txt", "two\n")
	git(t, dir, "commit", "--quiet", "--all", "--message", "Second\n\nWith a body.")
	return dir
}

func take(t *testing.T, o snapshot.Options) snapshot.Snapshot {
	t.Helper()
	s, err := tryTake(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryTake(t *testing.T, o snapshot.Options) (snapshot.Snapshot, error) {
	t.Helper()
	if o.Into == "" {
		o.Into = filepath.Join(t.TempDir(), "repository.git")
	}
	o.Now = now
	return snapshot.Take(t.Context(), o)
}

// files clones a snapshot as an agent does and returns what is in it.
func files(t *testing.T, s snapshot.Snapshot) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "checkout")
	git(t, t.TempDir(), "clone", "--quiet", "--", s.Repository, dir)
	git(t, dir, "fetch", "--quiet", "--prune", "--", "origin", s.Branch)
	git(t, dir, "checkout", "--quiet", "--force", s.Commit)
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Name() == ".git" {
			return filepath.SkipDir
		}
		if entry.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		found[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// state is all that a snapshot must not change of a repository.
func state(t *testing.T, dir string) string {
	t.Helper()
	return strings.Join([]string{
		git(t, dir, "status", "--porcelain=v2", "--branch"),
		git(t, dir, "for-each-ref"),
		git(t, dir, "stash", "list"),
		git(t, dir, "count-objects", "--verbose"),
	}, "\n")
}

func TestTakeClean(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	s := take(t, snapshot.Options{Dir: dir})
	want := snapshot.Snapshot{
		Repository: s.Repository, Root: s.Root, Commit: git(t, dir, "rev-parse", "HEAD"), Branch: "main", DefaultBranch: "main",
		Message: "Second\n\nWith a body.", AuthorName: "Ada", AuthorEmail: "ada@example.com",
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"a.txt": "two\n"}, files(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestTakeDirty(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	write(t, dir, ".gitignore", "ignored\n")
	write(t, dir, "ignored", "no")
	write(t, dir, "a.txt", "changed\n")
	write(t, dir, "staged.txt", "staged\n")
	git(t, dir, "add", "staged.txt")
	write(t, dir, "sub/dir/new file.txt", "new\n")
	before := state(t, dir)

	s := take(t, snapshot.Options{Dir: filepath.Join(dir, "sub")})

	if !s.Dirty || s.Message != "Second\n\nWith a body." || s.AuthorName != "Ada" {
		t.Errorf("snapshot %+v", s)
	}
	want := map[string]string{
		".gitignore": "ignored\n", "a.txt": "changed\n", "staged.txt": "staged\n", "sub/dir/new file.txt": "new\n",
	}
	if diff := cmp.Diff(want, files(t, s)); diff != "" {
		t.Error(diff)
	}
	if parent := git(t, s.Repository, "rev-parse", s.Commit+"^"); parent != git(t, dir, "rev-parse", "HEAD") {
		t.Errorf("parent %s is not HEAD", parent)
	}
	if diff := cmp.Diff(before, state(t, dir)); diff != "" {
		t.Errorf("the user's repository changed:\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(dir, ".git", "objects", s.Commit[:2], s.Commit[2:])); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the commit is in the user's repository: %v", err)
	}
}

func TestTakeDeletedAndExecutable(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	if err := os.Remove(filepath.Join(dir, "a.txt")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "run.sh", "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(dir, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := take(t, snapshot.Options{Dir: dir})
	if got := git(t, s.Repository, "ls-tree", "--format=%(objectmode) %(path)", s.Commit); got != "100755 run.sh" {
		t.Errorf("tree %q", got)
	}
}

func TestTakeWithoutCommits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	git(t, dir, "init", "--quiet", "--initial-branch=trunk")
	write(t, dir, "a.txt", "one\n")
	s := take(t, snapshot.Options{Dir: dir})
	if !s.Dirty || s.Branch != "trunk" || s.Message != "Uncommitted changes" {
		t.Errorf("snapshot %+v", s)
	}
	if diff := cmp.Diff(map[string]string{"a.txt": "one\n"}, files(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestTakeCommit(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	write(t, dir, "a.txt", "changed\n")
	git(t, dir, "tag", "v1", "HEAD~1")
	for name, ref := range map[string]string{
		"tag": "v1", "relative": "HEAD~1", "short": git(t, dir, "rev-parse", "--short", "HEAD~1"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := take(t, snapshot.Options{Dir: dir, Commit: ref, Branch: "feature/x"})
			if s.Dirty || s.Message != "First" || s.Branch != "feature/x" {
				t.Errorf("snapshot %+v", s)
			}
			if diff := cmp.Diff(map[string]string{"a.txt": "one\n"}, files(t, s)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTakeDetached(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	git(t, dir, "checkout", "--quiet", "--detach", "HEAD")
	if s := take(t, snapshot.Options{Dir: dir}); s.Branch != "main" {
		t.Errorf("branch %q, want the one at the commit", s.Branch)
	}
	git(t, dir, "checkout", "--quiet", "--detach", "HEAD~1")
	if s := take(t, snapshot.Options{Dir: dir}); s.Branch != "detached" {
		t.Errorf("branch %q", s.Branch)
	}
}

func TestTakeFromARelativeFolder(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	write(t, dir, "sub/b.txt", "new\n")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, filepath.Join(dir, "sub"))
	if err != nil {
		t.Fatal(err)
	}
	s := take(t, snapshot.Options{Dir: relative})
	if diff := cmp.Diff(map[string]string{"a.txt": "two\n", "sub/b.txt": "new\n"}, files(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestTakeLinkedWorkingTree(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "linked")
	git(t, repository(t), "worktree", "add", "--quiet", "-b", "side", dir)
	write(t, dir, "b.txt", "new\n")
	s := take(t, snapshot.Options{Dir: dir})
	if s.Branch != "side" || s.Name() != "linked" {
		t.Errorf("snapshot %+v", s)
	}
	if diff := cmp.Diff(map[string]string{"a.txt": "two\n", "b.txt": "new\n"}, files(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestTakeShallowClone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shallow")
	git(t, t.TempDir(), "clone", "--quiet", "--depth=1", "file://"+repository(t), dir)
	write(t, dir, "b.txt", "new\n")
	s := take(t, snapshot.Options{Dir: dir})
	if diff := cmp.Diff(map[string]string{"a.txt": "two\n", "b.txt": "new\n"}, files(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestTakeHasTheBranchesOfTheOrigin(t *testing.T) {
	t.Parallel()
	origin := repository(t)
	git(t, origin, "branch", "work")
	git(t, origin, "branch", "feature/other")
	git(t, origin, "tag", "--annotate", "--message", "One", "v1")
	dir := filepath.Join(t.TempDir(), "clone")
	git(t, t.TempDir(), "clone", "--quiet", origin, dir)
	git(t, dir, "checkout", "--quiet", "-b", "feature")
	s := take(t, snapshot.Options{Dir: dir})
	// feature/other cannot be beside feature.
	want := "refs/heads/feature\nrefs/heads/main\nrefs/heads/work\nrefs/tags/v1"
	if got := git(t, s.Repository, "for-each-ref", "--format=%(refname)"); got != want {
		t.Errorf("refs\n%s\nwant\n%s", got, want)
	}
	if s.DefaultBranch != "main" {
		t.Errorf("default branch %q", s.DefaultBranch)
	}
}

func TestTakeSubmodules(t *testing.T) {
	t.Parallel()
	library, dir := repository(t), repository(t)
	git(t, dir, "submodule", "--quiet", "add", library, "lib")
	git(t, dir, "commit", "--quiet", "--message", "Add lib")
	// A commit that was not pushed.
	write(t, dir, "lib/a.txt", "three\n")
	git(t, filepath.Join(dir, "lib"), "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--all", "--message", "Third")
	s := take(t, snapshot.Options{Dir: dir})
	if !s.Dirty {
		t.Error("a submodule at another commit is a change")
	}

	checkout := filepath.Join(t.TempDir(), "checkout")
	git(t, t.TempDir(), "clone", "--quiet", s.Repository, checkout)
	git(t, checkout, "checkout", "--quiet", s.Commit)
	cmd := exec.Command("git", "submodule", "update", "--init", "--recursive")
	cmd.Dir = checkout
	cmd.Env = append(os.Environ(), s.Environment...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(checkout, "lib", "a.txt"))
	if err != nil || string(data) != "three\n" {
		t.Errorf("lib/a.txt %q %v", data, err)
	}
}

func TestTakeRefuses(t *testing.T) {
	t.Parallel()
	bare := t.TempDir()
	git(t, bare, "init", "--quiet", "--bare")
	dir := repository(t)
	for name, tt := range map[string]struct {
		options snapshot.Options
		is      error
		want    string
	}{
		"no repository":  {options: snapshot.Options{Dir: t.TempDir()}, is: snapshot.ErrNoRepository},
		"bare":           {options: snapshot.Options{Dir: bare}, is: snapshot.ErrBare},
		"unknown commit": {options: snapshot.Options{Dir: dir, Commit: "nowhere"}, want: "--commit nowhere: there is no such commit"},
		"option":         {options: snapshot.Options{Dir: dir, Commit: "--all"}, want: "--commit --all: there is no such commit"},
		"bad branch":     {options: snapshot.Options{Dir: dir, Branch: "a..b"}, want: "--branch a..b: git does not allow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tryTake(t, tt.options)
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v, want %v", err, tt.is)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestTakeCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := snapshot.Take(ctx, snapshot.Options{Dir: repository(t), Into: filepath.Join(t.TempDir(), "r")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	write(t, dir, ".buildkite/pipeline.yml", "steps: []\n")
	s := take(t, snapshot.Options{Dir: dir})
	data, err := s.File(t.Context(), ".buildkite/pipeline.yml")
	if err != nil || string(data) != "steps: []\n" {
		t.Errorf("file %q %v", data, err)
	}
	for _, path := range []string{"missing", ".buildkite"} {
		if _, err := s.File(t.Context(), path); !errors.Is(err, snapshot.ErrNoFile) {
			t.Errorf("%s: error %v", path, err)
		}
	}
}
