package markup

import (
	"fmt"

	terminal "github.com/buildkite/terminal-to-html/v3"
)

// The screen that terminal output is replayed on. It is as wide as the agent's; lines that have scrolled out of its
// memory are final, which bounds what rendering holds.
const (
	screenColumns = 160
	screenLines   = 300
)

// renderTerminal replays terminal output and passes each line on as HTML, with its line feed. The HTML is escaped but not
// sanitized.
func renderTerminal(text []byte, timestamps bool, line func(html string)) {
	screen, err := terminal.NewScreen(terminal.WithMaxSize(screenColumns, screenLines))
	if err != nil {
		panic(fmt.Sprintf("markup: a screen of fixed size: %v", err))
	}
	screen.Timestamps = timestamps
	screen.ScrollOutFunc = line
	_, _ = screen.Write(text) // it takes everything
	line(screen.AsHTMLWithTimestamps(timestamps))
}
