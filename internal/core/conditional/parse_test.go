package conditional

import (
	"errors"
	"strings"
	"testing"
)

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, src, want string
	}{
		{"no operand", `&& true`, "expected a value but found `&&` (line 1, column 1)"},
		{"nothing after an operator", `true &&`, "expected a value but found the end of the condition (line 1, column 8)"},
		{"only a comment", `// true`, "expected a value but found the end of the condition (line 1, column 8)"},
		{"two values", `true false`, "expected an operator or the end of the condition but found `false` (line 1, column 6)"},
		{"position on a later line", "true &&\n  // ü\n  é", `"é" is not part of the language of conditions (line 3, column 3)`},
		{"columns count characters", `"äöü" == %`, `"%" is not part of the language of conditions (line 1, column 10)`},
		{"single equals sign", `build.branch = "x"`, `"=" is not part of the language of conditions (line 1, column 14)`},
		{"single ampersand", `true & true`, `"&" is not part of the language of conditions (line 1, column 6)`},
		{"negative number", `build.number == -1`, `"-" is not part of the language of conditions (line 1, column 17)`},
		{"unsupported array operator", `["main"] @> build.branch`, `"@" is not part of the language of conditions (line 1, column 10)`},
		{"number too large", `1 == 99999999999999999999`, "the number `99999999999999999999` is too large (line 1, column 6)"},
		{"doubled dot", `build..branch == "x"`, "expected a name after `build.` (line 1, column 6)"},
		{"final dot", `build. == "x"`, "expected a name after `build.` (line 1, column 6)"},
		{"open parenthesis", `(true`, "expected `)` to close the parenthesis but found the end of the condition (line 1, column 6)"},
		{"open array", `["a" includes "a"`, "expected `]` or `,` after what follows `[` but found the end of the condition (line 1, column 18)"},
		{"comma before the end of an array", `["a",] includes "a"`, "expected a value but found `]` (line 1, column 6)"},
		{"ternary without an alternative", `true ? true`, "expected `:` between the branches of `?` but found the end of the condition (line 1, column 12)"},
		{"open double quotes", `build.branch == "main`, "the string has no closing `\"` (line 1, column 17)"},
		{"open single quotes", `build.branch == 'main`, "the string has no closing `'` (line 1, column 17)"},
		{"backslash at the end", `build.branch == "main\`, "nothing follows the backslash (line 1, column 22)"},
		{"octal escape too large", `"\400" == ""`, "`\\400` is not a byte: octal escapes end at \\377 (line 1, column 2)"},
		{"lone dollar", `$ == "x"`, "`$` must be followed by the name of an environment variable (line 1, column 1)"},
		{"dollar and digit", `$1 == "x"`, "`$` must be followed by the name of an environment variable (line 1, column 1)"},
		{"open substitution", `"a${b`, "the substitution has no closing `}` (line 1, column 3)"},
		{"open substitution in a string", `"a${b"`, "`${b` must be followed by `}` or by one of `-`, `+`, `?` and `:` (line 1, column 6)"},
		{"open default", `${b:-x == "x"`, "the substitution has no closing `}` (line 1, column 1)"},
		{"substitution without a name", `"${}" == ""`, "expected the name of an environment variable after `${` (line 1, column 2)"},
		{"substitution of a number", `"${1}" == ""`, "expected the name of an environment variable after `${` (line 1, column 2)"},
		{"substitution with a strange operator", `${b/x/y} == ""`, "`${b` must be followed by `}` or by one of `-`, `+`, `?` and `:` (line 1, column 4)"},
		{"substring without an offset", `${b:} == ""`, `the offset of a substring must be an integer, not "" (line 1, column 1)`},
		{"substring from a word", `${b:x} == ""`, `the offset of a substring must be an integer, not "x" (line 1, column 1)`},
		{"substring of a word's length", `"a${b:1:x}" == ""`, `the length of a substring must be an integer, not "x" (line 1, column 3)`},
		{"substring with an empty length", `${b:1:} == ""`, `the length of a substring must be an integer, not "" (line 1, column 1)`},
		{"includes is no variable", `includes == "x"`, "expected a value but found `includes` (line 1, column 1)"},

		{"regular expression on the left", `/x/ =~ build.branch`, "a regular expression may only stand right after `=~`, `!~` or `includes` (line 1, column 1)"},
		{"regular expression compared", `build.branch == /x/`, "a regular expression may only stand right after `=~`, `!~` or `includes` (line 1, column 17)"},
		{"string where a regular expression belongs", `"d" =~ "hello"`, "expected a regular expression such as /^v1/ after `=~` but found a string (line 1, column 8)"},
		{"empty regular expression is a comment", `build.branch !~ //`, "expected a regular expression such as /^v1/ after `!~` but found the end of the condition (line 1, column 19)"},
		{"open regular expression", `build.branch =~ /main`, "the regular expression has no closing `/` (line 1, column 17)"},
		{"open regular expression ends with a backslash", `build.branch =~ /main\`, "the regular expression has no closing `/` (line 1, column 17)"},
		{"regular expression over two lines", "build.branch =~ /main\n/", "the regular expression has no closing `/` (line 1, column 17)"},
		{"unknown flag", `build.branch =~ /main/x`, "`x` is not a flag of a regular expression: only `i` is (line 1, column 23)"},
		{"flag twice", `build.branch =~ /main/ii`, "`ii` is not a flag of a regular expression: only `i` is (line 1, column 23)"},

		{"result is a string", `"x"`, "the condition must be true or false but is a string (line 1, column 1)"},
		{"result is a number", `build.number`, "the condition must be true or false but is a number (line 1, column 1)"},
		{"result is null", `null`, "the condition must be true or false but is null (line 1, column 1)"},
		{"result is null in both branches", `true ? null : null`, "the condition must be true or false but is null (line 1, column 6)"},
		{"result is an array", `["a"]`, "the condition must be true or false but is an array (line 1, column 1)"},
		{"number with string", `1 == "one"`, "`==` cannot compare a number with a string (line 1, column 3)"},
		{"string with number", `build.branch != 1`, "`!=` cannot compare a string with a number (line 1, column 14)"},
		{"boolean with string", `true == "true"`, "`==` cannot compare a boolean with a string (line 1, column 6)"},
		{"array with string", `["a"] == "a"`, "`==` cannot compare an array with a string (line 1, column 7)"},
		{"pull request number is a string", `build.pull_request.id == 12`, "`==` cannot compare a string with a number (line 1, column 23)"},
		{"match of a boolean", `true =~ /true/`, "`=~` needs a string on its left but found a boolean (line 1, column 1)"},
		{"match of an array", `build.creator.teams !~ /x/`, "`!~` needs a string on its left but found an array (line 1, column 1)"},
		{"includes of a string", `"x" includes "x"`, "`includes` needs an array on its left but found a string (line 1, column 1)"},
		{"includes a number", `["x"] includes 1`, "`includes` needs a string or a regular expression on its right but found a number (line 1, column 16)"},
		{"array of numbers", `[1] includes "x"`, "an array holds strings but found a number (line 1, column 2)"},
		{"array with null", `[null] includes "x"`, "an array holds strings but found null (line 1, column 2)"},
		{"negated string", `!build.branch`, "`!` needs a boolean but found a string (line 1, column 2)"},
		{"negated null", `!null`, "`!` needs a boolean but found null (line 1, column 2)"},
		{"string and boolean", `"x" && true`, "`&&` needs booleans but found a string (line 1, column 1)"},
		{"boolean or null", `true || null`, "`||` needs booleans but found null (line 1, column 9)"},
		{"choice by a string", `"x" ? true : false`, "`?` needs a boolean on its left but found a string (line 1, column 1)"},
		{"choice of two types", `(true ? "x" : 1) == null`, "the branches of `?` must have one type but are a string and a number (line 1, column 7)"},

		{"unknown variable", `build.foo == "x"`, "`build.foo` is not a variable (line 1, column 1)"},
		{"misspelt variable", `build.brnch == "x"`, "`build.brnch` is not a variable - did you mean `build.branch`? (line 1, column 1)"},
		{"unknown variable that would be skipped", `true || foo == "x"`, "`foo` is not a variable (line 1, column 9)"},
		{"unknown function", `foo("x") == "x"`, "`foo` is not a function (line 1, column 1)"},
		{"variable used as a function", `build.branch("x") == "x"`, "`build.branch` is not a function (line 1, column 1)"},
		{"function used as a variable", `build.env == "x"`, "`build.env` is not a variable (line 1, column 1)"},
		{"no argument", `env() == ""`, "`env` takes one name but got 0 arguments (line 1, column 1)"},
		{"two arguments", `build.env("A", "B") == ""`, "`build.env` takes one name but got 2 arguments (line 1, column 1)"},
		{"number for a name", `env(1) == ""`, "`env` needs a string but found a number (line 1, column 5)"},

		{"source outside the enum", `build.source == "nope"`, "\"nope\" is not a valid `build.source` (line 1, column 17)"},
		{"source outside the enum on the left", `"nope" == build.source`, "\"nope\" is not a valid `build.source` (line 1, column 1)"},
		{"state outside the enum, skipped", `false && build.state != "faillled"`, "\"faillled\" is not a valid `build.state` (line 1, column 25)"},
		{"blocked state outside the enum", `build.blocked_state == "blocked"`, "\"blocked\" is not a valid `build.blocked_state` (line 1, column 24)"},

		{"blank environment variable", `env(" ") == ""`, "the name of an environment variable must not be blank (line 1, column 5)"},
		{"environment variable with a dollar", `env("$$FOO") == ""`, "\"$FOO\" is not a valid environment variable name: write it without `$` (line 1, column 5)"},
		{"environment variable with a dash", `env("A-B") == ""`, `"A-B" is not a valid environment variable name: use letters, digits and underscores (line 1, column 5)`},
		{"environment variable with a foreign letter", `env("Š") == ""`, `"Š" is not a valid environment variable name: use letters, digits and underscores (line 1, column 5)`},
		{"misspelt built-in", `build.env("BUILDKITE_BRNCH") == ""`, `"BUILDKITE_BRNCH" is not a valid environment variable - did you mean "BUILDKITE_BRANCH"? (line 1, column 11)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			expr, err := Parse(tt.src, ScopeStep)
			var positioned *Error
			if !errors.As(err, &positioned) || err.Error() != tt.want || expr != nil {
				t.Errorf("Parse(%s): got %v, %v\nwant %s", tt.src, expr, err, tt.want)
			}
		})
	}
}

func TestParseBlank(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"", " ", "\n\t "} {
		if _, err := Parse(src, ScopeBuildNotify); !errors.Is(err, ErrBlank) {
			t.Errorf("Parse(%q): got %v, want ErrBlank", src, err)
		}
	}
}

func TestExprIsWhatWasWritten(t *testing.T) {
	t.Parallel()
	const src = "  build.branch  ==\n'main' // here"
	expr, err := Parse(src, ScopeFilter)
	if err != nil || expr.String() != src {
		t.Errorf("got %q, %v", expr, err)
	}
}

func TestParseLimits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		fits string
		over string
		want string
	}{
		{"length", "true" + strings.Repeat(" ", MaxLength-4), "true" + strings.Repeat(" ", MaxLength-3), "the condition is 8193 bytes long"},
		{"text", `"é" == "é"`, "\"\xe9\" == \"\"", "is not valid UTF-8 text"},
		{"parentheses", nested("(", "true", ")", MaxDepth-1), nested("(", "true", ")", MaxDepth), "nested more than 100 levels deep"},
		{"negations", strings.Repeat("!", MaxDepth-1) + "true", strings.Repeat("!", MaxDepth) + "true", "nested more than 100 levels deep"},
		{"ternaries", strings.Repeat("true?true:", MaxDepth-1) + "true", strings.Repeat("true?true:", MaxDepth) + "true", "nested more than 100 levels deep"},
		{"calls", nested("env(", `"A"`, ")", MaxDepth-1) + `==""`, nested("env(", `"A"`, ")", MaxDepth) + `==""`, "nested more than 100 levels deep"},
		{"substitutions", nested("${A-", "", "}", MaxDepth) + `==""`, nested("${A-", "", "}", MaxDepth+1) + `==""`, "nested more than 100 levels deep"},
		{"quoted substitutions", nested(`"${A-`, "", `}"`, MaxDepth) + `==""`, nested(`"${A-`, "", `}"`, MaxDepth+1) + `==""`, "nested more than 100 levels deep"},
		{"long regular expression", regexOf(MaxRegexLength), regexOf(MaxRegexLength + 1), "the regular expression is longer than 1024 bytes"},
		{"many regular expressions", manyRegexes(MaxRegexCount), manyRegexes(MaxRegexCount + 1), "more than 64 regular expressions"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse(tt.fits, ScopeStep); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			if _, err := Parse(tt.over, ScopeStep); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("over the limit: got %v, want %s", err, tt.want)
			}
		})
	}
}

func nested(before, inner, after string, levels int) string {
	return strings.Repeat(before, levels) + inner + strings.Repeat(after, levels)
}

func regexOf(length int) string { return `"a" =~ /` + strings.Repeat("a", length) + `/` }

func manyRegexes(count int) string { return `null =~ /a/` + strings.Repeat(`||null =~ /a/`, count-1) }

func TestLongChainsAreFlat(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"||false", "&&true", "==true"} {
		expr, err := Parse("true"+strings.Repeat(link, (MaxLength-4)/len(link)), ScopeStep)
		if err != nil {
			t.Errorf("%s: %v", link, err)
			continue
		}
		if got, err := expr.Eval(Vars{}); err != nil || !got {
			t.Errorf("%s: got %v, %v", link, got, err)
		}
	}
}
