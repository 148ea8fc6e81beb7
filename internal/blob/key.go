package blob

import (
	"fmt"
	"strings"
)

// CheckKey tells whether a name is a key: segments of ASCII letters, digits, '.', '_' and '-', joined by slashes. No
// segment is empty, "." or "..". Such names mean the same to every store; names that users choose are kept in rows and
// never become keys.
func CheckKey(key string) error {
	if len(key) > MaxKey {
		return fmt.Errorf("%w: longer than %d bytes", ErrBadKey, MaxKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if err := checkSegment(segment); err != nil {
			return fmt.Errorf("%w %q: %w", ErrBadKey, key, err)
		}
	}
	return nil
}

// CheckPrefix tells whether a prefix is a key with a slash behind it.
func CheckPrefix(prefix string) error {
	key, ok := strings.CutSuffix(prefix, "/")
	if !ok {
		return fmt.Errorf("%w: prefix does not end with a slash", ErrBadKey)
	}
	return CheckKey(key)
}

// CheckPart tells whether a part may have a number.
func CheckPart(number int) error {
	if number < 1 || number > MaxParts {
		return fmt.Errorf("%w: number %d is not from 1 to %d", ErrBadPart, number, MaxParts)
	}
	return nil
}

func checkSegment(segment string) error {
	switch {
	case segment == "":
		return fmt.Errorf("empty segment")
	case segment == "." || segment == "..":
		return fmt.Errorf("segment %q", segment)
	case len(segment) > MaxSegment:
		return fmt.Errorf("segment longer than %d bytes", MaxSegment)
	}
	for _, c := range []byte(segment) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return fmt.Errorf("character %q", c)
		}
	}
	return nil
}
