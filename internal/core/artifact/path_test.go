package artifact_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/artifact"
	"pgregory.net/rapid"
)

func TestCheckPath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path string
		ok   bool
	}{
		"plain":              {"log/test.xml", true},
		"dots inside":        {"a..b/..c/d..", true},
		"this directory":     {"./a", true},
		"spaces and unicode": {"mein Ordner/größe 🚀.txt", true},
		"colon":              {"a:b", true},
		"longest":            {strings.Repeat("a", artifact.MaxPathBytes), true},
		"empty":              {"", false},
		"too long":           {strings.Repeat("a", artifact.MaxPathBytes+1), false},
		"parent":             {"..", false},
		"parent inside":      {"a/../../b", false},
		"parent, backslash":  {`a\..\b`, false},
		"absolute":           {"/etc/passwd", false},
		"absolute share":     {`\\host\share\x`, false},
		"drive":              {`C:\x`, false},
		"drive with slash":   {"c:/x", false},
		"NUL":                {"a\x00b", false},
		"not UTF-8":          {"a\xff", false},
		"directory":          {"a/", false},
		"dot":                {".", false},
		"dot below":          {"a/.", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := artifact.CheckPath(c.path); (err == nil) != c.ok {
				t.Errorf("CheckPath(%q) = %v, want ok: %v", c.path, err, c.ok)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][2]string{"a.txt": {".", "a.txt"}, "a/b/c.txt": {"a/b", "c.txt"}} {
		if dir, file := artifact.Split(path); dir != want[0] || file != want[1] {
			t.Errorf("Split(%q) = %q, %q, want %q", path, dir, file, want)
		}
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, artifact.MaxFileBytes).Draw(t, "size")
		count := artifact.PartCount(size)
		if cut := count > 1; cut != (size >= artifact.MultipartFrom) {
			t.Fatalf("%d parts of %d bytes", count, size)
		}
		var sum int64
		for n := 1; n <= count; n++ {
			part := artifact.PartSize(size, count, n)
			if count > 1 && part < 8<<20 {
				t.Fatalf("part %d of %d has %d bytes", n, count, part)
			}
			sum += part
		}
		if sum != size || count > 10000 {
			t.Fatalf("%d parts hold %d of %d bytes", count, sum, size)
		}
	})
}
