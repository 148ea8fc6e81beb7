package badge

import (
	"regexp"
	"strings"
)

// theme is the colors of a badge.
type theme struct {
	passing, failing, unknown string
	// label is the color of the left half; its text and that of the right half follow.
	label, text, statusText string
}

const defaultTheme = "default"

var themes = map[string]theme{
	defaultTheme: {"3fa45b", "d0473e", "8a94a0", "4b535c", "fff", "fff"},
	"slack":      {"3cb371", "e0526a", "9aa0a6", "44474d", "fff", "fff"},
	"github":     {"2f9e44", "cf222e", "8c959f", "333a41", "fff", "fff"},
	"saturn":     {"4c9f70", "c8553d", "7d8597", "3d405b", "fff", "fff"},
	"flickr":     {"1a73d8", "e0218a", "9e9e9e", "4a4a4a", "fff", "fff"},
	"solarized":  {"859900", "dc322f", "839496", "073642", "eee8d5", "fdf6e3"},
	"mono":       {"6f6f6f", "2b2b2b", "a8a8a8", "4a4a4a", "fff", "fff"},
}

// color is what a theme of one's own may name as a color, since it ends up in markup.
var color = regexp.MustCompile(`^(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

// themeOf returns the theme with a name, or the one whose colors are listed:
// `passing,failing,unknown[,label[,text,status-text]]`. What is neither is the default theme.
func themeOf(name string) theme {
	if t, ok := themes[name]; ok {
		return t
	}
	t := themes[defaultTheme]
	fields := []*string{&t.passing, &t.failing, &t.unknown, &t.label, &t.text, &t.statusText}
	colors := strings.Split(name, ",")
	if len(colors) < 3 || len(colors) > len(fields) {
		return themes[defaultTheme]
	}
	for i, c := range colors {
		if !color.MatchString(c) {
			return themes[defaultTheme]
		}
		*fields[i] = c
	}
	return t
}

func (t theme) of(s Status) string {
	switch s {
	case Passing:
		return t.passing
	case Failing:
		return t.failing
	}
	return t.unknown
}
