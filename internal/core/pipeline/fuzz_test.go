package pipeline

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzParseCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc, true)
		f.Add(doc, false)
	}
	f.Fuzz(func(t *testing.T, doc []byte, isStored bool) {
		o := upload()
		if isStored {
			o = stored()
		}
		d, err := Parse(doc)
		if err != nil {
			mustBeError(t, err)
			return
		}
		early := o
		early.Draft, early.Interpolate = true, nil
		_, earlyErr := d.Compile(early)
		if earlyErr != nil {
			mustBeError(t, earlyErr)
		}
		plan, err := d.Compile(o)
		if err != nil {
			mustBeError(t, err)
			return
		}
		if earlyErr != nil && !isStored {
			t.Errorf("refused as a draft: %v", earlyErr)
		}
		checkPlan(t, plan.Steps)
		checkNotifications(t, plan.Notify, notifyBuild)
		if n := plan.JobCount(); n > DefaultLimits().Jobs {
			t.Errorf("%d jobs", n)
		}
	})
}

func mustBeError(t *testing.T, err error) {
	t.Helper()
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Message == "" {
		t.Errorf("error is %T: %v", err, err)
	}
}

func checkPlan(t *testing.T, steps []Step) {
	t.Helper()
	for _, s := range steps {
		if !json.Valid(s.Raw) {
			t.Errorf("raw is not JSON: %s", s.Raw)
		}
		if err := agentDisagrees(s); err != nil {
			t.Errorf("%v\n%s", err, s.Raw)
		}
		at := notifyStep
		if s.Kind == KindGroup {
			at = notifyGroup
		}
		checkNotifications(t, s.Notify, at)
		checkPlan(t, s.Steps)
	}
}

// checkNotifications reads notifications back from their JSON.
func checkNotifications(t *testing.T, all []Notification, at notifyPlace) {
	t.Helper()
	for _, n := range all {
		value, err := decodeJSON([]byte(written(n)), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		again, err := newCompiler(Options{Limits: DefaultLimits()}).notification(value, at)
		if err != nil {
			t.Fatalf("%s: %v", written(n), err)
		}
		if diff := cmp.Diff(n, again); diff != "" {
			t.Errorf("%s (-first +again):\n%s", written(n), diff)
		}
	}
}
