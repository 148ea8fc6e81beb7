// Package annotation is the rules about notes on builds and jobs: what one may be, and how another one of the same
// context changes it.
//
// The contract is docs/contract/pipelines.md, section 24, and docs/contract/agent-api.md, section 11.
package annotation

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits and defaults of the contract.
const (
	// MaxBody is in bytes, after appending as well.
	MaxBody = 1 << 20
	// MaxContext is in characters.
	MaxContext      = 100
	DefaultContext  = "default"
	DefaultStyle    = "default"
	DefaultPriority = 3
	minPriority     = 1
	maxPriority     = 10
)

var styles = []string{"default", "success", "info", "warning", "error"}

// Change is what a request wants of the annotation of a context.
type Change struct {
	// Context is empty for the default one.
	Context string
	// Body is Markdown, added at the end with Append. Empty, it leaves an annotation's body as it is.
	Body   string
	Append bool
	// Style is empty, and Priority 0, to leave them as they are.
	Style    string
	Priority int
}

// Content is what a Change changes.
type Content struct {
	Body     string
	Style    string
	Priority int
}

// Check returns the change with its defaults, or why it cannot be, as a sentence.
func (c Change) Check() (Change, error) {
	if c.Context == "" {
		c.Context = DefaultContext
	}
	// CommonMark shows U+0000 as the replacement character, and not every database holds it.
	c.Body = strings.ReplaceAll(c.Body, "\x00", "\uFFFD")
	switch {
	case !utf8.ValidString(c.Context) || strings.ContainsFunc(c.Context, unicode.IsControl):
		return c, fmt.Errorf("context has control characters or is not UTF-8")
	case utf8.RuneCountInString(c.Context) > MaxContext:
		return c, fmt.Errorf("context is longer than %d characters", MaxContext)
	case c.Style != "" && !slices.Contains(styles, c.Style):
		return c, fmt.Errorf("style %.40q is none of %s", c.Style, strings.Join(styles, ", "))
	case c.Priority != 0 && CheckPriority(c.Priority) != nil:
		return c, CheckPriority(c.Priority)
	case !utf8.ValidString(c.Body):
		return c, fmt.Errorf("body is not UTF-8")
	}
	return c, checkBody(c.Body)
}

// CheckPriority returns why a number is no priority, as a sentence, or nil.
func CheckPriority(n int) error {
	if n < minPriority || n > maxPriority {
		return fmt.Errorf("priority %d is not from %d to %d", n, minPriority, maxPriority)
	}
	return nil
}

// New is the content of an annotation that was not there.
func (c Change) New() (Content, error) {
	if strings.TrimSpace(c.Body) == "" {
		return Content{}, fmt.Errorf("body can't be blank")
	}
	return c.apply(Content{Style: DefaultStyle, Priority: DefaultPriority})
}

// Update is the content of an annotation after the change.
func (c Change) Update(old Content) (Content, error) { return c.apply(old) }

func (c Change) apply(content Content) (Content, error) {
	switch {
	case c.Body != "" && c.Append:
		content.Body += c.Body
	case c.Body != "":
		content.Body = c.Body
	}
	if c.Style != "" {
		content.Style = c.Style
	}
	if c.Priority != 0 {
		content.Priority = c.Priority
	}
	return content, checkBody(content.Body)
}

func checkBody(body string) error {
	if len(body) > MaxBody {
		return fmt.Errorf("body is larger than 1 MiB: it has %d bytes", len(body))
	}
	return nil
}
