package main

import (
	"os"
	"time"

	"github.com/bridle-ci/bridle/internal/localrun/render"
	"github.com/bridle-ci/bridle/internal/platform/logging"
)

// output chooses how a run is shown.
func (c runCommand) output(t terminal) render.Output {
	person := logging.IsTerminal(t.out)
	color := person && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	switch c.Output {
	case "json":
		return render.NewJSON(t.out, time.Now)
	case "plain":
		return render.NewText(t.out, render.TextOptions{})
	case "pretty":
		return render.NewText(t.out, render.TextOptions{Pretty: true, Color: color})
	}
	return render.NewText(t.out, render.TextOptions{Pretty: person, Color: color})
}
