// Package logging makes the program's logger. It knows nothing of what is logged.
package logging

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/mattn/go-isatty"
)

// The forms of log lines.
const (
	Auto = "auto"
	Text = "text"
	JSON = "json"
)

// New returns a logger that writes lines of a form, of a level (debug, info, warn or error) and above. Auto is Text on
// a terminal, else JSON.
func New(w io.Writer, level, format string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: least}
	switch format {
	case Auto:
		if IsTerminal(w) {
			return slog.New(slog.NewTextHandler(w, options)), nil
		}
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case Text:
		return slog.New(slog.NewTextHandler(w, options)), nil
	case JSON:
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("log format %q: use auto, text or json", format)
}

// IsTerminal reports whether a person reads what is written to w, or types what is read from it.
func IsTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
