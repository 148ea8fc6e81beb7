package rest

import (
	"strings"

	"github.com/bridle-ci/bridle/internal/core/badge"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
)

// maxTheme bounds the bytes of the parameters that a badge is drawn by.
const maxTheme = 100

// getBadge draws a pipeline's status, or tells it. Proxies of source hosts keep images for long unless told not to.
func (a *API) getBadge(c *call) error {
	token, form, _ := strings.Cut(c.r.PathValue("file"), ".")
	if form != "svg" && form != "json" {
		return fault.Missing("badge")
	}
	var filter builds.BadgeFilter
	for name, value := range map[string]*string{"branch": &filter.Branch, "step": &filter.Step} {
		var err error
		if *value, err = c.query.text(name); err != nil {
			return err
		}
	}
	status, err := a.Builds.Badge(c.r.Context(), token, filter)
	if err != nil {
		return err
	}
	const fresh = "no-cache, no-store, must-revalidate"
	if form == "json" {
		c.w.Header().Set("Cache-Control", fresh)
		return c.ok(struct {
			Status badge.Status `json:"status"`
		}{status})
	}
	theme := c.query.Get("theme")
	if len(theme) > maxTheme {
		theme = ""
	}
	return c.image(badge.SVG(status, c.query.Get("style"), theme), fresh)
}
