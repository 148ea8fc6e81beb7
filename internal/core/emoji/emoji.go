// Package emoji knows the short names of Unicode's emoji, such as `:rocket:`, and draws them.
//
// The names are those of github.com/kyokomi/emoji. Emoji that are pictures of somebody's product have no place in Unicode
// and are not among them.
package emoji

import (
	"cmp"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/kyokomi/emoji/v2"
)

// Emoji is one emoji with its names, which are without colons.
type Emoji struct {
	Name    string
	Aliases []string
	// Text is the emoji itself.
	Text string
}

// Code is the emoji's code points in hexadecimal, joined by hyphens: the names of its files everywhere.
func (e Emoji) Code() string {
	var codes []string
	for _, r := range e.Text {
		codes = append(codes, fmt.Sprintf("%x", r))
	}
	return strings.Join(codes, "-")
}

// names are found in texts as `:name:` (contracts/rest/endpoints.json, emojis.list).
var names = regexp.MustCompile(`^[\w+-]+$`)

// List returns all emoji, in the order of their names. Callers do not change it.
var List = sync.OnceValue(func() []Emoji {
	byText := map[string][]string{}
	for code, text := range emoji.CodeMap() {
		if name := strings.Trim(code, ":"); names.MatchString(name) {
			text = strings.TrimSpace(text)
			byText[text] = append(byText[text], name)
		}
	}
	list := make([]Emoji, 0, len(byText))
	for _, text := range slices.Sorted(maps.Keys(byText)) {
		// The shortest name is the one that people write.
		all := byText[text]
		slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
		list = append(list, Emoji{Name: all[0], Aliases: all[1:], Text: text})
	}
	slices.SortFunc(list, func(a, b Emoji) int { return cmp.Compare(a.Name, b.Name) })
	return list
})

var byCode = sync.OnceValue(func() map[string]Emoji {
	found := map[string]Emoji{}
	for _, e := range List() {
		found[e.Code()] = e
	}
	return found
})

// ByCode returns the emoji with a code, as Emoji.Code makes it.
func ByCode(code string) (Emoji, bool) {
	e, ok := byCode()[code]
	return e, ok
}

// SVG draws the emoji with the font of whoever looks at it.
func (e Emoji) SVG() string {
	return `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64" role="img">` +
		`<title>` + html.EscapeString(e.Name) + `</title>` +
		`<text x="32" y="34" font-size="52" text-anchor="middle" dominant-baseline="central">` + html.EscapeString(e.Text) + `</text></svg>`
}
