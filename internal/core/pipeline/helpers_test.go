package pipeline

import (
	"errors"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/conditional"
)

// variables are what the tests' conditions can see.
func variables() conditional.Vars {
	return conditional.Vars{
		Values: map[string]conditional.Value{
			"build.branch": conditional.String("main"),
			"build.number": conditional.Int(7),
		},
		Env: func(name string) (string, bool) { return map[string]string{"DEPLOY": "yes"}[name], name == "DEPLOY" },
	}
}

// upload is how an upload on the branch main is compiled.
func upload() Options { return Options{Vars: variables(), Branch: "main"} }

// stored is how a stored configuration is compiled.
func stored() Options {
	o := upload()
	o.Stored = true
	o.Interpolate = func(name string) (string, bool) {
		value, ok := map[string]string{"BUILDKITE_BRANCH": "main", "BUILDKITE_MESSAGE": "say \"hi\"", "TARGET": "prod", "EMPTY": ""}[name]
		return value, ok
	}
	return o
}

func mustCompile(t testing.TB, doc string, o Options) Plan {
	t.Helper()
	d, err := Parse([]byte(doc))
	if err != nil {
		t.Fatalf("parse: %v\n%s", err, doc)
	}
	plan, err := d.Compile(o)
	if err != nil {
		t.Fatalf("compile: %v\n%s", err, doc)
	}
	return plan
}

// refusalOf compiles a document that must be refused.
func refusalOf(t testing.TB, doc string, o Options) *Error {
	t.Helper()
	d, err := Parse([]byte(doc))
	if err == nil {
		var plan Plan
		plan, err = d.Compile(o)
		if err == nil {
			t.Fatalf("compiled to %+v, want a refusal\n%s", plan, doc)
		}
	}
	var refusal *Error
	if !errors.As(err, &refusal) {
		t.Fatalf("error is a %T, want *Error: %v", err, err)
	}
	return refusal
}
