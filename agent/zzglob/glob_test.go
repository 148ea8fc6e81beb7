package zzglob

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree fills a temporary directory and makes it the working directory. A name
// that ends in a slash is a directory, "a -> b" a symbolic link, any other an
// empty file.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		link, target, isLink := strings.Cut(name, " -> ")
		path := filepath.Join(dir, link)
		parent := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			parent = path
		}
		if err := os.MkdirAll(parent, 0o755); err != nil {
			t.Fatal(err)
		}
		switch {
		case isLink:
			err = os.Symlink(filepath.FromSlash(target), path)
		case parent != path:
			err = os.WriteFile(path, nil, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

func mustParse(t *testing.T, pattern string) *Pattern {
	t.Helper()
	p, err := Parse(filepath.FromSlash(pattern))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// glob returns the reported paths, with slashes.
func glob(t *testing.T, pattern string, opts ...GlobOption) []string {
	t.Helper()
	var got []string
	err := mustParse(t, pattern).Glob(func(path string, d fs.DirEntry, err error) error {
		if err != nil || d == nil {
			t.Errorf("%s: entry %v, error %v", path, d, err)
		}
		got = append(got, filepath.ToSlash(path))
		return nil
	}, opts...)
	if err != nil {
		t.Error(err)
	}
	return got
}

func TestGlob(t *testing.T) {
	// Not parallel, like all tests here that resolve relative patterns.
	dir := tree(t,
		"a.txt", "b c.txt", ".hidden.txt", "[x].txt", "empty/",
		"log/1.log", "log/old/2.log", "log/old/.keep", "log/old/deep/3.log",
		"a/x.log", "b/x.log", "c/x.log", "a/n/x.log",
	)
	abs := filepath.ToSlash(dir)
	parent := "../" + filepath.Base(dir)
	t.Setenv("HOME", filepath.Join(dir, "log"))
	t.Setenv("USERPROFILE", filepath.Join(dir, "log"))

	tests := []struct {
		pattern string
		want    []string
	}{
		{"*.txt", []string{".hidden.txt", "[x].txt", "a.txt", "b c.txt"}},
		{"log/**/*", []string{"log/1.log", "log/old", "log/old/.keep", "log/old/2.log", "log/old/deep", "log/old/deep/3.log"}},
		{"log/**", []string{"log/1.log", "log/old", "log/old/.keep", "log/old/2.log", "log/old/deep", "log/old/deep/3.log"}},
		{"log/**/*.log", []string{"log/1.log", "log/old/2.log", "log/old/deep/3.log"}},
		{"log/**.log", []string{"log/1.log", "log/old/2.log", "log/old/deep/3.log"}},
		{"**/deep/*", []string{"log/old/deep/3.log"}},
		{"{a,b}/*.log", []string{"a/x.log", "b/x.log"}},
		{"{a,a}/*.log", []string{"a/x.log"}},
		{"{a/n,c}/x.log", []string{"a/n/x.log", "c/x.log"}},
		{"*/x.log", []string{"a/x.log", "b/x.log", "c/x.log"}},
		{"[^a]/*", []string{"b/x.log", "c/x.log"}},
		{`[\[]x].txt`, []string{"[x].txt"}},

		{"a.txt", []string{"a.txt"}},
		{"b c.txt", []string{"b c.txt"}},
		{`\[x\].txt`, []string{"[x].txt"}},
		{"./a.txt", []string{"a.txt"}},
		{"log", []string{"log"}},
		{"log/", []string{"log"}},

		{"./log/*.log", []string{"log/1.log"}},
		{"log//old/*.log", []string{"log/old/2.log"}},
		{"log/../a/*.log", []string{"a/x.log"}},
		{parent + "/a/*.log", []string{parent + "/a/x.log"}},
		{abs + "/*/x.log", []string{abs + "/a/x.log", abs + "/b/x.log", abs + "/c/x.log"}},
		{abs + "/a.txt", []string{abs + "/a.txt"}},
		{"~/*.log", []string{abs + "/log/1.log"}},
		{"~/old/2.log", []string{abs + "/log/old/2.log"}},

		{"", nil},
		{"missing.txt", nil},
		{"missing/*", nil},
		{"missing/**/*.log", nil},
		{"empty/**", nil},
		{"a.txt/x", nil},
		{"a.txt/*", nil},
		{"a.txt/b/*", nil},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			if strings.Contains(tt.pattern, `\`) && filepath.Separator == '\\' {
				t.Skip("escapes with a backslash")
			}
			if got := glob(t, tt.pattern); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestGlobWalksOnlyWhereMatchesMayBe(t *testing.T) {
	tree(t, "src/a/b/x.go", "src/a/test/y.go", "src/c/test/d/z.go", "docs/x.go")
	for pattern, want := range map[string][]string{
		"*.go":            {"."},
		"src/*/test/*.go": {"src", "src/a", "src/a/test", "src/a/test/y.go", "src/c", "src/c/test"},
		"{src/a,docs}/*":  {".", "docs", "docs/x.go", "src", "src/a", "src/a/b", "src/a/test"},
		"src/a/**.go":     {"src/a", "src/a/b", "src/a/b/x.go", "src/a/test", "src/a/test/y.go"},
		"docs/x.go":       {"docs/x.go"},
		"missing/*":       nil,
	} {
		if got := glob(t, pattern, WalkIntermediateDirs(true)); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
}

func TestGlobSymlinks(t *testing.T) {
	tree(t,
		"real/x.log", "top/link -> ../real", "top/file.log -> ../real/x.log",
		"top/broken.log -> nowhere", "top/self -> .", "top/sub/up -> ..",
	)
	tests := []struct {
		name     string
		pattern  string
		traverse bool
		want     []string
	}{
		{"links to files are entries", "top/**.log", false, []string{"top/broken.log", "top/file.log"}},
		{"not into directories", "top/*/x.log", false, nil},
		{"links to directories are entries", "top/l*", false, []string{"top/link"}},
		{"the named part is followed", "top/link/*.log", false, []string{"top/link/x.log"}},
		{"a literal is followed", "top/link/x.log", false, []string{"top/link/x.log"}},
		{"into directories", "top/*/x.log", true, []string{"top/link/x.log"}},
		{"but not in circles", "top/**.log", true, []string{"top/broken.log", "top/file.log", "top/link/x.log"}},
		{"nor in circles from the root", "**/x.log", true, []string{"real/x.log", "top/link/x.log"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := glob(t, tt.pattern, TraverseSymlinks(tt.traverse)); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}

	if got := glob(t, "top/*/x.log"); !slices.Equal(got, []string{"top/link/x.log"}) {
		t.Errorf("without an option: got %q", got)
	}
}

func TestGlobReportsErrors(t *testing.T) {
	tree(t, "circle -> circle")
	tooLong := strings.Repeat("n", 5000)
	stop := errors.New("stop")
	for pattern, path := range map[string]string{
		"circle/*":     "circle",
		"circle/x":     "circle/x",
		tooLong:        tooLong,
		tooLong + "/*": tooLong,
	} {
		called := 0
		err := mustParse(t, pattern).Glob(func(got string, d fs.DirEntry, err error) error {
			called++
			if filepath.ToSlash(got) != path || d != nil || err == nil {
				t.Errorf("%.20s: called with %.20s, entry %v, error %v", pattern, got, d, err)
			}
			return stop
		})
		if called != 1 || !errors.Is(err, stop) {
			t.Errorf("%.20s: %d calls, error %v", pattern, called, err)
		}
	}
}

func TestGlobReportsDirectoryThatCannotBeRead(t *testing.T) {
	dir := tree(t, "open/x.log", "closed/x.log")
	if err := os.Chmod("closed", 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "closed"), 0o755) })
	if _, err := os.ReadDir("closed"); err == nil {
		t.Skip("permissions do not bind this user")
	}
	var paths, failures []string
	err := mustParse(t, "*/*.log").Glob(func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			paths = append(paths, filepath.ToSlash(path))
			return nil
		}
		failures = append(failures, path)
		return nil
	})
	if err != nil || !slices.Equal(paths, []string{"open/x.log"}) || !slices.Equal(failures, []string{"closed"}) {
		t.Errorf("got %q, failures %q, error %v", paths, failures, err)
	}
}

func TestMultiGlob(t *testing.T) {
	tree(t, "a/1", "a/2", "b/1", "b/2")
	patterns := []*Pattern{mustParse(t, "b/*"), mustParse(t, "**/1"), mustParse(t, "a/2")}
	stop := errors.New("stop")
	tests := []struct {
		name   string
		at     string
		answer error
		want   []string
		err    error
	}{
		{"in the order of the patterns", "", nil, []string{"b/1", "b/2", "a/1", "b/1", "a/2"}, nil},
		{"an error ends it", "a/1", stop, []string{"b/1", "b/2", "a/1"}, stop},
		{"SkipAll ends it", "a/1", fs.SkipAll, []string{"b/1", "b/2", "a/1"}, nil},
		{"SkipDir at a file skips its directory", "b/1", fs.SkipDir, []string{"b/1", "a/1", "b/1", "a/2"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			err := MultiGlob(t.Context(), patterns, func(path string, _ fs.DirEntry, _ error) error {
				got = append(got, filepath.ToSlash(path))
				if got[len(got)-1] == tt.at {
					return tt.answer
				}
				return nil
			})
			if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
				t.Errorf("got %q, error %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestSkipDirAtADirectory(t *testing.T) {
	tree(t, "a/1", "b/1", "c")
	for pattern, want := range map[string][]string{
		"**":  {"a", "b", "b/1", "c"},
		"a/*": {"a"},
	} {
		var got []string
		err := mustParse(t, pattern).Glob(func(path string, d fs.DirEntry, _ error) error {
			if path == "." {
				return nil
			}
			got = append(got, filepath.ToSlash(path))
			if path == "a" {
				return fs.SkipDir
			}
			return nil
		}, WalkIntermediateDirs(true))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, error %v; want %q", pattern, got, err, want)
		}
	}
}

func TestMultiGlobStopsWithItsContext(t *testing.T) {
	tree(t, "a", "b", "c")
	patterns := []*Pattern{mustParse(t, "*"), mustParse(t, "c")}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	visit := func(path string, _ fs.DirEntry, _ error) error {
		got = append(got, path)
		cancel()
		return nil
	}
	if err := MultiGlob(ctx, patterns, visit); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %q", got)
	}

	got = nil
	if err := MultiGlob(ctx, patterns[1:], visit); !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("after the end: got %q, error %v", got, err)
	}
}
