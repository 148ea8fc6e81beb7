package blob_test

import (
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/blob"
)

func TestCheckPrefix(t *testing.T) {
	t.Parallel()

	for prefix, want := range map[string]error{
		"logs/":     nil,
		"logs/1/":   nil,
		"logs":      blob.ErrBadKey,
		"/":         blob.ErrBadKey,
		"":          blob.ErrBadKey,
		"logs//":    blob.ErrBadKey,
		"logs/../":  blob.ErrBadKey,
		"../logs/":  blob.ErrBadKey,
		"logs/a b/": blob.ErrBadKey,
	} {
		if err := blob.CheckPrefix(prefix); !errors.Is(err, want) {
			t.Errorf("CheckPrefix(%q) = %v, want %v", prefix, err, want)
		}
	}
}

func FuzzCheckKey(f *testing.F) {
	for _, key := range []string{"logs/1", "a/../b", "/", "a//b", "ä", "a\x00b", "..."} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if blob.CheckKey(key) != nil {
			return
		}
		if key == "" || len(key) > blob.MaxKey || path.Clean("/"+key) != "/"+key || strings.ContainsAny(key, "\\\x00~!%:*?\"<>| ") {
			t.Errorf("accepted %q", key)
		}
	})
}
