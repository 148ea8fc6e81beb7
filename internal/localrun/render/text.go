package render

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bridle-ci/bridle/internal/localrun/logview"
)

// TextOptions choose between the two forms of text.
type TextOptions struct {
	// Pretty folds what the agent does besides the job, and marks states with symbols. Otherwise everything is
	// written out, in ASCII but for what logs and labels hold.
	Pretty bool
	// Color allows styles.
	Color bool
}

// Text writes for people.
type Text struct {
	options TextOptions

	mu   sync.Mutex
	w    io.Writer
	jobs map[string]*folding
}

// NewText returns an output that writes text to w.
func NewText(w io.Writer, o TextOptions) *Text {
	return &Text{options: o, w: w, jobs: map[string]*folding{}}
}

// Pause keeps everything from being written until the returned function is called, while somebody is asked something.
func (t *Text) Pause() (resume func()) {
	t.mu.Lock()
	return t.mu.Unlock
}

// Start implements Output.
func (t *Text) Start(s Start) {
	t.mu.Lock()
	defer t.mu.Unlock()
	state := "commit " + shortCommit(s.Commit)
	if s.Dirty {
		state = "uncommitted changes"
	}
	t.print("%s  %s on %s, %s", t.paint(bold, "bridle run"), s.Pipeline, s.Branch, state)
	t.print("%s", t.paint(dim, fmt.Sprintf("%s, version %s", count(s.Agents, "agent"), s.AgentVersion)))
}

// Note implements Output.
func (t *Text) Note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range strings.Lines(text) {
		t.print("%s", t.paint(dim, strings.TrimSuffix(line, "\n")))
	}
}

// Job implements Output.
func (t *Text) Job(j Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := say(j)
	if !ok {
		return
	}
	if s.tone == bad {
		t.unfold(j)
	}
	name := t.paint(bold, logview.Clean(j.FullName()))
	t.print("%s %s %s", t.mark(s), name, s.text)
}

// Line implements Output.
func (t *Text) Line(j Job, line logview.Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.jobs[j.ID]
	if f == nil {
		f = &folding{}
		t.jobs[j.ID] = f
	}
	if t.options.Pretty {
		for _, shown := range f.take(line) {
			t.logLine(j, shown)
		}
		return
	}
	t.logLine(j, line)
}

// unfold writes what is folded of a job.
func (t *Text) unfold(j Job) {
	if f := t.jobs[j.ID]; f != nil {
		for _, line := range f.open() {
			t.logLine(j, line)
		}
	}
}

// logLine writes one line of a log behind the job's name.
func (t *Text) logLine(j Job, line logview.Line) {
	text := line.Text
	if !t.options.Color {
		text = line.Plain()
	}
	switch line.Kind {
	case logview.Collapsed, logview.Expanded:
		text = line.Kind.Marker() + " " + t.paint(bold, text)
	case logview.Muted:
		text = t.paint(dim, line.Kind.Marker()+" "+line.Plain())
	case logview.Opens:
		if t.options.Pretty {
			return
		}
		text = line.Kind.Marker()
	}
	bar := "|"
	if t.options.Pretty {
		bar = "│"
	}
	t.print("%s", strings.TrimRight(t.paint(colorOf(j), fit(logview.Clean(j.Name), nameWidth)+" "+bar)+" "+text, " "))
}

// Annotation implements Output.
func (t *Text) Annotation(a Annotation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	title := "Annotation"
	if a.Context != "" && a.Context != "default" {
		title += " " + a.Context
	}
	if a.Style != "" {
		title += " (" + a.Style + ")"
	}
	t.print("")
	t.print("%s", t.paint(bold, logview.Clean(title)))
	for line := range strings.Lines(strings.TrimRight(a.Body, "\n")) {
		t.print("  %s", logview.Clean(strings.TrimRight(line, "\r\n")))
	}
}

// Finish implements Output.
func (t *Text) Finish(s Summary) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.print("")
	t.table(s.Jobs)
	t.print("")
	tone, words := ending(s.State)
	t.print("%s in %s", t.paint(bold+toneColors[tone], "Build "+words), duration(s.Took))
	if s.Kept != "" {
		t.print("Logs and %s are in %s", count(s.Artifacts, "artifact"), s.Kept)
	} else if s.Artifacts > 0 {
		t.print("%s", t.paint(dim, count(s.Artifacts, "artifact")+" uploaded; keep such files with --keep"))
	}
}

// table writes one row a job. Jobs that nobody would look for are left out.
func (t *Text) table(jobs []Job) {
	width, rows := 0, []Job{}
	for _, j := range jobs {
		if j.Type == "waiter" || j.Retried {
			continue
		}
		rows = append(rows, j)
		width = max(width, utf8.RuneCountInString(logview.Clean(j.FullName())))
	}
	width = min(width, maxTableName)
	for _, j := range rows {
		s, ok := say(j)
		if !ok {
			s = saying{symbol: "·", word: "", tone: quiet, text: string(j.State)}
		}
		took := ""
		if j.Took() > 0 {
			took = duration(j.Took())
		}
		name := fit(logview.Clean(j.FullName()), width)
		t.print("%s", strings.TrimRight(fmt.Sprintf("  %s %s  %8s  %s", t.mark(s), name, took, t.paint(dim, s.inTable())), " "))
	}
}

// maxTableName is the widest that names make the table.
const maxTableName = 60

func (t *Text) print(format string, args ...any) {
	fmt.Fprintf(t.w, format+"\n", args...)
}

// mark is the sign of a state at the start of a line.
func (t *Text) mark(s saying) string {
	if t.options.Pretty {
		return t.paint(toneColors[s.tone], s.symbol)
	}
	return t.paint(toneColors[s.tone], fmt.Sprintf("%-8s", "["+s.word+"]"))
}

func (t *Text) paint(style, text string) string {
	if !t.options.Color || style == "" || text == "" {
		return text
	}
	return style + text + reset
}

func shortCommit(commit string) string { return commit[:min(len(commit), 8)] }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// duration writes a time as people say it.
func duration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
