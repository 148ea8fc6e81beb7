package render

import (
	"slices"

	"github.com/bridle-ci/bridle/internal/localrun/logview"
)

// housekeeping are the groups in which the agent tells of its own work. They are folded while all goes well. Others are
// not, although the marker asks for it: there, too, is the output of the job's own commands.
var housekeeping = []string{
	"Preparing working directory", "Cleaning pipeline checkout", "Preparing plugins", "Preparing secrets",
}

// maxFolded is how many of the last lines of a folded group are kept.
const maxFolded = 200

// folding is what is folded of one job's log.
type folding struct {
	folded bool
	// held are the lines of the folded group, its header first.
	held []logview.Line
}

// take returns the lines to show now that another came.
func (f *folding) take(line logview.Line) []logview.Line {
	switch {
	case line.Kind == logview.Opens:
		return append(f.open(), line)
	case line.Kind.Header():
		f.held = nil
		f.folded = line.Kind == logview.Muted && slices.Contains(housekeeping, line.Plain())
	}
	if !f.folded {
		return []logview.Line{line}
	}
	if f.held = append(f.held, line); len(f.held) > maxFolded {
		f.held = f.held[1:]
	}
	return nil
}

// open returns what is folded and shows the rest of the group.
func (f *folding) open() []logview.Line {
	held := f.held
	f.folded, f.held = false, nil
	return held
}
