package artifact

import (
	"errors"
	"path"
	"strings"
	"unicode/utf8"
)

// CheckPath returns why a path cannot be an artifact's: a sentence without its subject, such as "is empty". Paths are
// relative, with forward slashes, and stay inside the folder they are relative to.
func CheckPath(p string) error {
	switch {
	case p == "":
		return errors.New("is empty")
	case len(p) > MaxPathBytes:
		return errors.New("is longer than 4096 bytes")
	case !utf8.ValidString(p):
		return errors.New("is not UTF-8")
	case strings.ContainsRune(p, 0):
		return errors.New("contains a NUL")
	case strings.HasPrefix(p, "/") || strings.HasPrefix(p, `\`):
		return errors.New("is absolute: artifact paths are relative to the working directory")
	case hasDrive(p):
		return errors.New("has a drive: artifact paths are relative to the working directory")
	}
	for part := range strings.FieldsFuncSeq(p, isSeparator) {
		if part == ".." {
			return errors.New("leaves the working directory by way of `..`")
		}
	}
	if last := p[len(p)-1]; last == '/' || path.Base(p) == "." {
		return errors.New("names a directory")
	}
	return nil
}

func isSeparator(r rune) bool { return r == '/' || r == '\\' }

func hasDrive(p string) bool {
	if len(p) < 3 || p[1] != ':' || !isSeparator(rune(p[2])) {
		return false
	}
	letter := p[0] | 0x20
	return letter >= 'a' && letter <= 'z'
}

// Split returns the directory of a path, "." when there is none, and its last element.
func Split(p string) (dirname, filename string) { return path.Dir(p), path.Base(p) }
