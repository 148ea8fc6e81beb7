package pipeline

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the plans of testdata/*.good.yml")

// options: a file named stored* is stored configuration, draft* one that no agent has worked on, any other an upload.
func optionsFor(file string) Options {
	switch name := filepath.Base(file); {
	case strings.HasPrefix(name, "stored"):
		return stored()
	case strings.HasPrefix(name, "draft"):
		return draft()
	}
	return upload()
}

func TestGoodFiles(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/*.good.yml")
	if len(files) == 0 {
		t.Fatal("no good files")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := render(mustCompile(t, string(doc), optionsFor(file)))
			golden := strings.TrimSuffix(file, ".good.yml") + ".plan"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("plan differs (-want +got):\n%s", diff)
			}
		})
	}
}

// render writes a plan as lines: a step with what was said of it, then its raw form, jobs and children below it.
func render(plan Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "env %s\n", line(plan.Env))
	if plan.Agents != nil {
		fmt.Fprintf(&b, "agents %s\n", line(plan.Agents))
	}
	for _, n := range plan.Notify {
		fmt.Fprintf(&b, "notify %s\n", written(n))
	}
	renderSteps(&b, "", plan.Steps)
	return b.String()
}

func renderSteps(b *strings.Builder, indent string, steps []Step) {
	for _, s := range steps {
		jobs, children, raw := []JobSpec{}, s.Steps, s.Raw
		switch {
		case s.Command != nil:
			command := *s.Command
			jobs, command.Jobs = command.Jobs, nil
			s.Command = &command
		case s.Trigger != nil:
			trigger := *s.Trigger
			jobs, trigger.Jobs = trigger.Jobs, nil
			s.Trigger = &trigger
		}
		kind := s.Kind
		s.Kind, s.Steps, s.Raw = "", nil, nil
		fmt.Fprintf(b, "\n%s%s %s\n%s  raw %s\n", indent, kind, line(s), indent, raw)
		for _, j := range jobs {
			fmt.Fprintf(b, "%s  job %s\n", indent, line(j))
		}
		renderSteps(b, indent+"  ", children)
	}
}

func written(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// line renders a value as JSON without zero values.
func line(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var parsed any
	if err := json.Unmarshal(text, &parsed); err != nil {
		panic(err)
	}
	text, err = json.Marshal(withoutZeros(parsed))
	if err != nil {
		panic(err)
	}
	return string(text)
}

// withoutZeros drops what a struct holds by default, but keeps zeros that say something.
func withoutZeros(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for name, item := range m {
		if name != "Env" && name != "Plugins" {
			item = withoutZeros(item)
		}
		inner, isMap := item.(map[string]any)
		switch {
		case item == nil, item == false, item == "", item == 0.0 && name != "ParallelIndex", isMap && len(inner) == 0:
			delete(m, name)
		default:
			m[name] = item
		}
	}
	return m
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/*.bad.yml")
	if len(files) == 0 {
		t.Fatal("no bad files")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			// The first line is the expected error: `# line 3 (steps[0]): message`.
			first, _, _ := strings.Cut(string(doc), "\n")
			want, ok := strings.CutPrefix(first, "# ")
			if !ok {
				t.Fatalf("%s does not start with its error", file)
			}
			if got := refusalOf(t, string(doc), optionsFor(file)).Error(); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}
