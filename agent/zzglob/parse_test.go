package zzglob

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		match   []string
		differ  []string
	}{
		{"", nil, []string{"a"}},
		{"go.mod", []string{"go.mod"}, []string{"goxmod", "a/go.mod", "go.mod/a", "go.mod~"}},
		{"Mr Freeze (1).jpg", []string{"Mr Freeze (1).jpg"}, []string{"Mr Freeze 1.jpg"}},
		{"a+b|c.$", []string{"a+b|c.$"}, []string{"aab", "c."}},
		{"new\nline", []string{"new\nline"}, nil},
		{"caf\xe9.log", []string{"caf\xe9.log"}, []string{"cafe.log"}},

		{"foo?.txt", []string{"foo1.txt", "foo?.txt", "fooé.txt"}, []string{"foo.txt", "foo12.txt", "foo/.txt"}},
		{`foo\?.txt`, []string{"foo?.txt"}, []string{"foo1.txt", `foo\?.txt`}},
		{"*.go", []string{"a.go", ".go", ".hidden.go", "a b.go", "a\nb.go"}, []string{"x/a.go", "a.gox"}},
		{"*", []string{"a", ".a"}, []string{"a/b"}},
		{"foo/*", []string{"foo/a", "foo/.a"}, []string{"foo", "foo/a/b", "bar/a"}},

		{"**", []string{"a", "a/b/c", ".a/b"}, nil},
		{"***", []string{"a", "a/b/c"}, nil},
		{"foo/**", []string{"foo/a", "foo/a/b", "foo/.git/x"}, []string{"foo", "foobar/a", "x/foo/a"}},
		{"**.go", []string{"a.go", "x/y/a.go"}, []string{"a.god"}},
		{"foo/**.go", []string{"foo/a.go", "foo/x/a.go"}, []string{"a.go", "foo.go"}},
		{"**/*.go", []string{"a.go", "x/y/a.go"}, []string{"a.god"}},
		{"**/go.mod", []string{"go.mod", "x/y/go.mod"}, []string{"xgo.mod", "x/ygo.mod"}},
		{"a/**/b", []string{"a/b", "a/x/b", "a/x/y/b"}, []string{"ab", "a/xb", "x/a/b", "a/b/c"}},
		{"a/**/**/b", []string{"a/b", "a/x/b"}, []string{"a/xb"}},
		{"a**/b", []string{"a/b", "ax/y/b"}, []string{"ab", "b"}},
		{"foo/**/bar/*", []string{"foo/bar/x", "foo/tmp/logs/bar/x"}, []string{"foo/bar", "foo/bar/x/y"}},
		{"/tmp/**/*.log", []string{"/tmp/a.log", "/tmp/x/a.log"}, []string{"tmp/a.log", "/tmp"}},

		{"{foo,bar}.go", []string{"foo.go", "bar.go"}, []string{"foobar.go", "{foo,bar}.go"}},
		{"foo{,bar}.go", []string{"foo.go", "foobar.go"}, []string{"bar.go"}},
		{"go.{mod, sum}", []string{"go.mod", "go. sum"}, []string{"go.sum"}},
		{"{foo,bar}/**.go", []string{"foo/a.go", "bar/x/a.go"}, []string{"a.go"}},
		{"{foo/**.go,fixtures/**}", []string{"foo/x/a.go", "fixtures/a"}, []string{"foo/a", "a"}},
		{"{**.go,go.{mod,sum}}", []string{"x/a.go", "go.sum"}, []string{"x/go.sum"}},
		{"{**/x,y}", []string{"x", "a/x", "y"}, []string{"ax", "a/y"}},
		{"{a,b}**/c", []string{"a/c", "bx/c"}, []string{"ac", "c"}},
		{"{a/,b/}**/c", []string{"a/c", "b/x/c"}, []string{"a/xc"}},
		{"{a/,b}**/c", []string{"a/x/c", "b/c"}, []string{"bc"}},
		{`{a\,b,c}`, []string{"a,b", "c"}, []string{"a", "b"}},
		{"a,b}]", []string{"a,b}]"}, []string{"a"}},

		{"side[AB]", []string{"sideA", "sideB"}, []string{"sideC", "side", "sideAB"}},
		{"log[^789].out", []string{"log1.out"}, []string{"log7.out", "log/.out", "log.out"}},
		{"v[0-9].[a-cx]", []string{"v0.a", "v9.x"}, []string{"va.a", "v1.d", "v-.a"}},
		{"[a-]", []string{"a", "-"}, []string{"b"}},
		{`[a\-c]`, []string{"a", "-", "c"}, []string{"b", `\`}},
		{`[\]^]`, []string{"]", "^"}, []string{`\`}},
		{"a[+-9]b", []string{"a+b", "a0b", "a.b"}, []string{"a/b"}},
		{"[é-ü]", []string{"ê"}, []string{"e"}},

		{"foo~", []string{"foo~"}, nil},
		{"~foo/x", []string{"~foo/x"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			t.Parallel()
			p, err := Parse(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range tt.match {
				if !p.Match(path) {
					t.Errorf("does not match %q", path)
				}
			}
			for _, path := range tt.differ {
				if p.Match(path) {
					t.Errorf("matches %q", path)
				}
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for pattern, message := range map[string]string{
		"[":                      "a [ has no ]",
		"a/[bc":                  "a [ has no ]",
		"bar/**/[asdf[[[[asdf":   "a [ has no ]",
		`[a\]`:                   "a [ has no ]",
		"[]":                     "a [] has no character to match",
		"[^]":                    "a [] has no character to match",
		"[/]":                    "a [] has no character to match",
		"[z-a]":                  "the range z-a is empty",
		"{a,b":                   "a { has no }",
		"{a,{b}":                 "a { has no }",
		"{[a}":                   "a [ has no ]",
		`a\`:                     `nothing after the last \`,
		`{a\`:                    `nothing after the last \`,
		strings.Repeat("{", 500): "a { has no }",
	} {
		_, err := Parse(pattern)
		if err == nil || err.Error() != message {
			t.Errorf("Parse(%.30q) error = %v, want %q", pattern, err, message)
		}
	}
}

func TestWindowsSyntax(t *testing.T) {
	t.Parallel()
	p, err := parse(`C:\log\**\{*.txt,a/*}`, '\\')
	if err != nil {
		t.Fatal(err)
	}
	if p.base != "C:/log/" {
		t.Errorf("base = %q", p.base)
	}
	for _, path := range []string{"C:/log/x.txt", "C:/log/a/b/x.txt", "C:/log/a*"} {
		if !p.full.MatchString(path) {
			t.Errorf("does not match %s", path)
		}
	}
	if p.full.MatchString("C:/log/ab") {
		t.Error("an escaped star matches any character")
	}
}

func TestExpandTilde(t *testing.T) {
	// Not parallel: sets the home directory.
	home := filepath.Join(t.TempDir(), "home [1] * \xe9\xe8")
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	home = filepath.ToSlash(home)
	tests := []struct {
		pattern string
		expand  bool
		path    string
	}{
		{"~", true, home},
		{"~", false, "~"},
		{"~/*.txt", true, home + "/a.txt"},
		{"~/*.txt", false, "~/a.txt"},
		{"~/**/a", true, home + "/a"},
		{"a~/*", true, "a~/b"},
	}
	for _, tt := range tests {
		pattern := filepath.FromSlash(tt.pattern)
		p, err := Parse(pattern, ExpandTilde(tt.expand))
		if err != nil {
			t.Fatal(err)
		}
		if !p.Match(tt.path) {
			t.Errorf("%s, expand %t: does not match %s", tt.pattern, tt.expand, tt.path)
		}
	}

	t.Setenv("HOME", "")
	t.Setenv("USERPROFILE", "")
	if _, err := os.UserHomeDir(); err == nil {
		t.Skip("this system knows a home directory without its variable")
	}
	if _, err := Parse("~"); err == nil {
		t.Error("no error without a home directory")
	}
	if _, err := Parse("~", ExpandTilde(false)); err != nil {
		t.Error(err)
	}
}
