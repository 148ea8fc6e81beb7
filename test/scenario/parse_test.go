package scenario

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	sc, err := Parse(`# Section 1:
# two lines.

pipeline:
  env: { A: b }
  steps:
    - command: a

events:
  # a comment
  build created on branch x with A=1 B=2 -> build scheduled
  a[2] finished with 3 signal SIGTERM reason cancel → a[2] failed (exit 3, soft)
    → build failed
  a uploads and replaces:
    - command: b

    - command: c
    → refused: no, never
`)
	if err != nil {
		t.Fatal(err)
	}
	if sc.Title != "Section 1: two lines." {
		t.Errorf("title %q", sc.Title)
	}
	type event struct {
		Create *Create
		Event  Event
		Expect []string
	}
	var got []event
	for _, s := range sc.Steps {
		e := event{Create: s.Create, Event: s.Event}
		for _, x := range s.Expect {
			e.Expect = append(e.Expect, x.Text)
		}
		got = append(got, e)
	}
	doc := "env: { A: b }\nsteps:\n  - command: a\n\n"
	want := []event{
		{
			Create: &Create{Pipeline: []byte(doc), Branch: "x", Env: map[string]string{"A": "1", "B": "2"}},
			Expect: []string{"build scheduled"},
		},
		{
			Event:  Event{Subject: Job{Key: "a", Index: 2}, Verb: Finished, ExitStatus: 3, Signal: "SIGTERM", Reason: "cancel"},
			Expect: []string{"a[2] failed (exit 3, soft)", "build failed"},
		},
		{
			Event:  Event{Subject: Job{Key: "a"}, Verb: Uploads, Replace: true, Document: []byte("- command: b\n\n- command: c\n")},
			Expect: []string{"refused: no, never"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	const head = "pipeline:\n  - command: a\nevents:\n"
	tests := map[string]struct{ text, want string }{
		"NoPipeline":       {"events:\n", "1: a scenario starts with comments and `pipeline:`"},
		"NoEvents":         {"pipeline:\n  - wait\n", "`events:` must follow the pipeline"},
		"NotCreated":       {head + "  a started → build running\n", "the first event must be `build created`"},
		"OtherCreated":     {head + "  build@two created → build@two running\n", "the first event must be `build created`"},
		"NotIndented":      {head + "build created → build running\n", "4: events must be indented"},
		"UnknownEvent":     {head + "  a vanished → build running\n", `4: unknown event "vanished"`},
		"TrailingWords":    {head + "  a started twice → build running\n", `4: unexpected "twice"`},
		"BadIndex":         {head + "  a[x] started → build running\n", "the index of a job is a number from 0"},
		"BadStatus":        {head + "  a finished with joy → build running\n", "an exit status is a number"},
		"BadEnv":           {head + "  build created with A → build running\n", "`with` takes NAME=value"},
		"NothingExpected":  {head + "  build created\n", `nothing is expected after "build created"`},
		"NoState":          {head + "  build created → a\n", "a state is missing"},
		"UnknownDetail":    {head + "  build created → a failed (loudly)\n", `unknown detail "loudly"`},
		"TrailingExpected": {head + "  build created → a failed badly\n", `unexpected "badly"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestExpectationsFail proves that a wrong expectation of each kind is noticed.
func TestExpectationsFail(t *testing.T) {
	t.Parallel()
	const story = `pipeline:
  - { key: a, command: a, parallelism: 2 }
  - { key: ask, block: Ask, blocked_state: failed }
events:
  build created → a scheduled
  a finished with 0 → a[0] passed
  a[1] finished with 0 → EXPECTED
`
	for _, wrong := range []string{
		"build passed", "build blocked as passed", "a failed", "a[1] failed", "a[2] passed", "b passed", "a absent",
		"a passed (exit 1)", "a passed (soft)", "a passed (retries 1)", "a passed (because of it)",
		"a passed (limited)", "a@two passed", "build@two running", "step a@two ready",
		"ask blocked (not unblockable)", "ask scheduled", "step a failing", "step a outcome errored", "nothing changes",
		"refused: no",
	} {
		t.Run(wrong, func(t *testing.T) {
			t.Parallel()
			sc, err := Parse(strings.Replace(story, "EXPECTED", wrong, 1))
			if err != nil {
				t.Fatal(err)
			}
			if err := Run(sc, &Core{}); err == nil || !strings.Contains(err.Error(), "line 7") {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("unexpected refusal", func(t *testing.T) {
		t.Parallel()
		sc, err := Parse(strings.Replace(story, "a[1] finished with 0 → EXPECTED", "a unblocked → build running", 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := Run(sc, &Core{}); err == nil || !strings.Contains(err.Error(), "refused: This job type") {
			t.Errorf("error %v", err)
		}
	})
}

// TestBuildsAreTold: an event needs its build, which is made once.
func TestBuildsAreTold(t *testing.T) {
	t.Parallel()
	const story = "pipeline:\n  - { key: a, command: a }\nevents:\n  build created → a scheduled\n"
	for line, want := range map[string]string{
		"a@two started → a running":           "there is no build two",
		"build created → a scheduled":         "the build has been created",
		"build@two created → a@two running":   "a is scheduled, want running",
		"build@two created → nothing changes": "",
		"build@two created on branch x → a@two scheduled, build@two scheduled, a scheduled (not limited)": "",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			sc, err := Parse(story + "  " + line + "\n")
			if err != nil {
				t.Fatal(err)
			}
			switch err := Run(sc, &Core{}); {
			case err == nil && want != "":
				t.Errorf("did not fail with %q", want)
			case err != nil && (want == "" || !strings.Contains(err.Error(), want)):
				t.Errorf("failed with %v", err)
			}
		})
	}
}

// untellingCore is the rules for somebody who is not told of refusals.
type untellingCore struct{ Core }

func (d *untellingCore) Event(e Event) error {
	err := d.Core.Event(e)
	if refused := (*Refused)(nil); err == nil || errors.As(err, &refused) {
		return ErrUntold
	}
	return err
}

// TestRefusalUntold: a refusal that nobody is told of has to leave everything as it was.
func TestRefusalUntold(t *testing.T) {
	t.Parallel()
	const story = "pipeline:\n  - { key: a, command: a }\nevents:\n  build created → a scheduled\n"
	for line, fails := range map[string]bool{
		"a unblocked → refused: whatever the text": false,
		"a canceled → refused: no":                 true,
		"a canceled → a canceled":                  false,
		"a canceled → a running":                   true,
		"b canceled → refused: no":                 true,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			sc, err := Parse(story + "  " + line + "\n")
			if err != nil {
				t.Fatal(err)
			}
			if err := Run(sc, &untellingCore{}); (err != nil) != fails {
				t.Errorf("error %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# t\npipeline:\n  - wait\nevents:\n  build created → build not_run\n  a uploads:\n    - b\n    → a passed (exit 1)\n")
	f.Fuzz(func(t *testing.T, text string) {
		sc, err := Parse(text)
		if err == nil && (len(sc.Steps) == 0 || sc.Steps[0].Create == nil) {
			t.Error("a scenario without a build")
		}
	})
}
