package file

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"

	"github.com/bridle-ci/bridle/internal/blob"
)

// The layout, for the key logs/0197-Ab/text:
//
//	objects/logs/d8/0197-!ab/text~
//
// An object ends with a tilde, so that it and a folder of the same name live side by side. Capital letters are written
// as '!' and the small one, for file systems that ignore case. Below the first segment, which names a kind of object,
// two digits of a hash spread the many children over 256 folders. Neither '~' nor '!' is in any key.
const (
	objectsFolder = "objects"
	tempFolder    = "temp"
	partsFolder   = "parts"
	objectMark    = "~"
)

// objectPath returns the path of an object under the root.
func objectPath(key string) (string, error) {
	if err := blob.CheckKey(key); err != nil {
		return "", err
	}
	return keyPath(key) + objectMark, nil
}

// prefixPath returns the folder that holds all objects of a prefix and no others.
func prefixPath(prefix string) (string, error) {
	if err := blob.CheckPrefix(prefix); err != nil {
		return "", err
	}
	return keyPath(strings.TrimSuffix(prefix, "/")), nil
}

func keyPath(key string) string {
	segments := strings.Split(key, "/")
	names := []string{objectsFolder}
	for i, segment := range segments {
		if i == 1 {
			sum := sha256.Sum256([]byte(segment))
			names = append(names, hex.EncodeToString(sum[:1]))
		}
		names = append(names, escapeCapitals(segment))
	}
	return path.Join(names...)
}

func escapeCapitals(segment string) string {
	var b strings.Builder
	for _, c := range []byte(segment) {
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('!')
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}
