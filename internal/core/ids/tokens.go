// Package ids is the forms of identifiers: UUIDs, GraphQL global ids, slugs and token formats.
package ids

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// Token prefixes (docs/contract/platform.md, section 3 and docs/contract/agent-api.md, section 2). They are convention
// for people and scanners; nothing is decided by them.
const (
	APITokenPrefix     = "bkua_"
	ClusterTokenPrefix = "bkct_"
	SessionTokenPrefix = "bkaa_"
	JobTokenPrefix     = "bkaj_"
)

// TokenBytes is how much randomness a token holds.
const TokenBytes = 32

// Token renders random bytes as a token. It is the caller who brings the randomness.
func Token(prefix string, random [TokenBytes]byte) string {
	return prefix + hex.EncodeToString(random[:])
}

// HashToken is what is stored of a token. Tokens are random, so a plain SHA-256 is enough and can be looked up.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// ParseUUID normalises a UUID from a client: lower case, or false when it is none.
func ParseUUID(text string) (string, bool) {
	if len(text) != 36 {
		return "", false
	}
	text = strings.ToLower(text)
	return text, uuidForm.MatchString(text)
}
