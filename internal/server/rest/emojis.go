package rest

import (
	"strings"

	"github.com/bridle-ci/bridle/internal/core/emoji"
	"github.com/bridle-ci/bridle/internal/core/fault"
)

// emojiObject is the object `emoji`.
type emojiObject struct {
	Name    string   `json:"name"`
	URL     string   `json:"url"`
	Aliases []string `json:"aliases,omitempty"`
}

// listEmojis lists the emoji of Unicode, which every organization has.
func (a *API) listEmojis(c *call) error {
	return c.ok(each(emoji.List(), func(e emoji.Emoji) emojiObject {
		return emojiObject{Name: e.Name, URL: a.urls.emoji(e.Code()), Aliases: e.Aliases}
	}))
}

// getEmoji draws an emoji.
func (a *API) getEmoji(c *call) error {
	code, isSVG := strings.CutSuffix(c.r.PathValue("file"), ".svg")
	e, known := emoji.ByCode(code)
	if !isSVG || !known {
		return fault.Missing("emoji")
	}
	return c.image(e.SVG(), "public, max-age=604800")
}
