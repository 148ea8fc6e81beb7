// Package text is what may stand in a text that people write: names, descriptions, notes.
package text

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Problem tells what is wrong with a value, as the rest of a sentence that begins with its name, and nothing when it may
// be stored. maxLength is in characters.
func Problem(value string, maxLength int) string {
	switch {
	case len(value) > maxLength && utf8.RuneCountInString(value) > maxLength:
		return fmt.Sprintf("is too long (maximum is %d characters)", maxLength)
	case !utf8.ValidString(value):
		return "is not valid UTF-8"
	case strings.ContainsRune(value, 0):
		return "contains a NUL character" // which PostgreSQL cannot store
	}
	return ""
}

// RequiredProblem is Problem for a value that must say something.
func RequiredProblem(value string, maxLength int) string {
	if strings.TrimSpace(value) == "" {
		return "can't be blank"
	}
	return Problem(value, maxLength)
}

// MaxEmojiLength bounds the characters of an emoji.
const MaxEmojiLength = 64

var (
	emojiName = regexp.MustCompile(`\A:[\w+-]+:\z`)
	hexColor  = regexp.MustCompile(`\A#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})\z`)
)

// EmojiProblem is Problem for an emoji: a name between colons, or the character itself.
func EmojiProblem(value string) string {
	if problem := Problem(value, MaxEmojiLength); problem != "" {
		return problem
	}
	isASCII := func(r rune) bool { return r < utf8.RuneSelf }
	if emojiName.MatchString(value) || (value != "" && !strings.ContainsFunc(value, isASCII)) {
		return ""
	}
	return "must be an emoji such as :rocket:"
}

// ColorProblem is Problem for a color.
func ColorProblem(value string) string {
	if hexColor.MatchString(value) {
		return ""
	}
	return "must be a color such as #A9CCE3"
}
