package prompt_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/localrun/prompt"
)

var colors = pipeline.Field{Key: "color", Select: "Color", Required: true, Options: []pipeline.Option{
	{Label: "Red", Value: "red"}, {Label: "Deep Blue", Value: "blue", Hint: "like the sea"}, {Label: "Two", Value: "1"},
}}

func TestAnswer(t *testing.T) {
	t.Parallel()
	several := colors
	several.Multiple = true
	for name, tt := range map[string]struct {
		field   pipeline.Field
		typed   string
		want    []string
		problem string
	}{
		"text":             {pipeline.Field{Text: "Name", Required: true}, "Ada", []string{"Ada"}, ""},
		"text needed":      {pipeline.Field{Text: "Name", Required: true}, "", nil, "An answer is needed."},
		"text optional":    {pipeline.Field{Text: "Name"}, "", nil, ""},
		"text default":     {pipeline.Field{Text: "Name", Required: true, Default: []string{"Bob"}}, "", []string{"Bob"}, ""},
		"format":           {pipeline.Field{Text: "Version", Format: `\d+\.\d+`}, "1.2", []string{"1.2"}, ""},
		"format anchored":  {pipeline.Field{Text: "Version", Format: `\d+|x`}, "v12", []string{"v12"}, `The answer must match \d+|x.`},
		"by value":         {colors, "blue", []string{"blue"}, ""},
		"by number":        {colors, "2", []string{"blue"}, ""},
		"value not number": {colors, "1", []string{"1"}, ""},
		"by label":         {colors, "deep blue", []string{"blue"}, ""},
		"no option":        {colors, "green", nil, `"green" is none of the options.`},
		"no such number":   {colors, "4", nil, `"4" is none of the options.`},
		"one only":         {colors, "red,blue", nil, `"red,blue" is none of the options.`},
		"several":          {several, "red, 2,blue", []string{"red", "blue"}, ""},
		"several wrong":    {several, "red,green", nil, `"green" is none of the options.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problem := prompt.Answer(tt.field, tt.typed)
			if problem != tt.problem {
				t.Errorf("problem %q, want %q", problem, tt.problem)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	form := prompt.Question{Label: "Release", Prompt: "What to release?", Fields: []pipeline.Field{
		{Key: "name", Text: "Name", Hint: "of the release", Required: true}, colors,
	}}
	for name, tt := range map[string]struct {
		question prompt.Question
		given    map[string][]string
		typed    string
		want     map[string][]string
		err      error
		said     string
	}{
		"block":    {question: prompt.Question{Label: "Deploy?", Submit: "Ship it"}, typed: "\n", want: map[string][]string{}, said: "\nDeploy?\nShip it? [Y/n] "},
		"declined": {question: prompt.Question{Label: "Deploy?"}, typed: "what\nn\n", err: prompt.ErrDeclined, said: "Continue? [Y/n] Answer y or n.\n"},
		"form": {
			question: form, typed: "\nOne\ngreen\n2\n", want: map[string][]string{"name": {"One"}, "color": {"blue"}},
			said: "\nRelease\nWhat to release?\n  of the release\nName:   An answer is needed.\nName:   1) Red\n  2) Deep Blue (like the sea)\n  3) Two\nColor: ",
		},
		"given":  {question: form, given: map[string][]string{"name": {"Two"}}, typed: "red\n", want: map[string][]string{"name": {"Two"}, "color": {"red"}}, said: "Color: "},
		"closed": {question: form, typed: "One\n", err: prompt.ErrClosed, said: "Color: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			got, err := prompt.NewAsker(strings.NewReader(tt.typed), &out).Ask(t.Context(), tt.question, tt.given)
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); tt.err == nil && diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(out.String(), tt.said) {
				t.Errorf("said %q, want %q in it", out.String(), tt.said)
			}
		})
	}
}

func TestAskStopsWithItsContext(t *testing.T) {
	t.Parallel()
	in, typing := io.Pipe()
	defer typing.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := prompt.NewAsker(in, io.Discard).Ask(ctx, prompt.Question{Label: "Deploy?"}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
