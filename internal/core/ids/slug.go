package ids

import (
	"regexp"
	"strings"
)

const (
	// MaxSlugLength is the contract's (contracts/rest/README.md, Slugs).
	MaxSlugLength = 100
	// MaxQueueKeyLength is the contract's (docs/contract/platform.md, section 9).
	MaxQueueKeyLength = 100
)

var (
	emojiMarker = regexp.MustCompile(`:[\w+-]+:`)
	queueKey    = regexp.MustCompile(`\A[a-zA-Z0-9_-]+\z`)
	slugForm    = regexp.MustCompile(`\A[a-zA-Z0-9]+[a-zA-Z0-9\-]*\z`)
)

// Slug derives a slug from a name; it is empty when the name has nothing a slug may hold.
func Slug(name string) string {
	name = emojiMarker.ReplaceAllString(name, "")
	var b strings.Builder
	for _, word := range strings.Fields(name) {
		kept := strings.Map(keepSlugRune, word)
		if kept == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('-')
		}
		b.WriteString(kept)
	}
	slug := strings.ToLower(strings.TrimLeft(b.String(), "-"))
	if len(slug) > MaxSlugLength {
		slug = slug[:MaxSlugLength]
	}
	return slug
}

// ValidSlug reports whether text may be a slug.
func ValidSlug(text string) bool { return len(text) <= MaxSlugLength && slugForm.MatchString(text) }

// ValidQueueKey reports whether text may be the key of a queue.
func ValidQueueKey(text string) bool {
	return len(text) <= MaxQueueKeyLength && queueKey.MatchString(text)
}

func keepSlugRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
		return r
	}
	return -1
}
