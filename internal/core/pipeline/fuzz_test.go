package pipeline

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
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
		plan, err := d.Compile(o)
		if err != nil {
			mustBeError(t, err)
			return
		}
		checkPlan(t, plan.Steps)
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
		checkPlan(t, s.Steps)
	}
}
