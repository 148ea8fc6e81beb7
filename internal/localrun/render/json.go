package render

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/localrun/logview"
)

// JSON writes one object a line for programs; docs/run.md describes them.
type JSON struct {
	now func() time.Time

	mu      sync.Mutex
	encoder *json.Encoder
}

// NewJSON returns an output that writes JSON lines to w, dated by now.
func NewJSON(w io.Writer, now func() time.Time) *JSON {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return &JSON{now: now, encoder: encoder}
}

// event is what every line begins with.
type event struct {
	Event string    `json:"event"`
	At    time.Time `json:"at"`
}

type startEvent struct {
	event
	Pipeline     string `json:"pipeline"`
	Branch       string `json:"branch"`
	Commit       string `json:"commit"`
	Dirty        bool   `json:"dirty"`
	Message      string `json:"message"`
	Agents       int    `json:"agents"`
	AgentVersion string `json:"agent_version"`
}

type noteEvent struct {
	event
	Message string `json:"message"`
}

type jobEvent struct {
	event
	Job jobObject `json:"job"`
}

type jobObject struct {
	ID         string     `json:"id"`
	Type       string     `json:"type"`
	StepKey    *string    `json:"step_key"`
	Name       string     `json:"name"`
	Group      *string    `json:"group"`
	State      State      `json:"state"`
	ExitStatus *int       `json:"exit_status"`
	Signal     *string    `json:"signal"`
	SoftFailed bool       `json:"soft_failed"`
	Reason     *string    `json:"reason"`
	Attempt    int        `json:"attempt"`
	Retried    bool       `json:"retried"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

type logEvent struct {
	event
	JobID string     `json:"job_id"`
	Name  string     `json:"name"`
	Kind  string     `json:"kind"`
	Text  string     `json:"text"`
	Time  *time.Time `json:"time"`
}

type annotationEvent struct {
	event
	Context string `json:"context"`
	Style   string `json:"style"`
	Body    string `json:"body"`
}

type finishEvent struct {
	event
	State     State       `json:"state"`
	Seconds   float64     `json:"seconds"`
	Artifacts int         `json:"artifacts"`
	Kept      *string     `json:"kept"`
	Jobs      []jobObject `json:"jobs"`
}

// Start implements Output.
func (o *JSON) Start(s Start) {
	o.write(startEvent{o.event("start"), s.Pipeline, s.Branch, s.Commit, s.Dirty, s.Message, s.Agents, s.AgentVersion})
}

// Note implements Output.
func (o *JSON) Note(text string) { o.write(noteEvent{o.event("note"), text}) }

// Job implements Output.
func (o *JSON) Job(j Job) { o.write(jobEvent{o.event("job"), jobOf(j)}) }

// Line implements Output.
func (o *JSON) Line(j Job, line logview.Line) {
	e := logEvent{event: o.event("log"), JobID: j.ID, Name: j.Name, Kind: lineKinds[line.Kind], Text: line.Plain()}
	if !line.At.IsZero() {
		e.Time = &line.At
	}
	o.write(e)
}

// Annotation implements Output.
func (o *JSON) Annotation(a Annotation) {
	o.write(annotationEvent{o.event("annotation"), a.Context, a.Style, a.Body})
}

// Finish implements Output.
func (o *JSON) Finish(s Summary) {
	e := finishEvent{event: o.event("finish"), State: s.State, Seconds: s.Took.Seconds(), Artifacts: s.Artifacts, Kept: orNull(s.Kept), Jobs: []jobObject{}}
	for _, j := range s.Jobs {
		e.Jobs = append(e.Jobs, jobOf(j))
	}
	o.write(e)
}

// lineKinds are the names of logview's kinds.
var lineKinds = map[logview.Kind]string{
	logview.Output: "output", logview.Collapsed: "collapsed", logview.Muted: "muted", logview.Expanded: "expanded", logview.Opens: "opens",
}

func (o *JSON) event(name string) event { return event{name, o.now().UTC()} }

func (o *JSON) write(e any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.encoder.Encode(e) // see Output
}

func jobOf(j Job) jobObject {
	return jobObject{
		ID: j.ID, Type: j.Type, StepKey: orNull(j.StepKey), Name: j.Name, Group: orNull(j.Group), State: j.State,
		ExitStatus: j.ExitStatus, Signal: orNull(j.Signal), SoftFailed: j.SoftFailed, Reason: orNull(j.Reason),
		Attempt: j.Attempt, Retried: j.Retried, StartedAt: j.StartedAt, FinishedAt: j.FinishedAt,
	}
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
