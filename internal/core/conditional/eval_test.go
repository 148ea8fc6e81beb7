package conditional

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// testVars is a build of a pull request, with some environment.
func testVars() Vars {
	env := map[string]string{
		"branch": "main", "empty": "", "tag": "foo", "two": "2", "minus": "-3", "accents": "äöü",
		"BUILDKITE_BRANCH": "topic", "BUILDKITE_TAG": "", "NAME_OF_IT": "branch",
	}
	return Vars{
		Values: map[string]Value{
			"build.number":              Int(42),
			"build.branch":              String("features/login"),
			"build.message":             String("Fix it [skip tests]"),
			"build.source":              String("webhook"),
			"build.state":               String("failing"),
			"build.creator.teams":       Strings([]string{"deploy", "platform"}),
			"build.pull_request.draft":  Bool(true),
			"build.pull_request.labels": Strings(nil),
			"scm.author.name":           String("Ada"),
			"pipeline.default_branch":   String("main"),
		},
		Env: func(name string) (string, bool) {
			value, ok := env[name]
			return value, ok
		},
	}
}

func TestEval(t *testing.T) {
	t.Parallel()
	groups := map[string]map[string]bool{
		"literals": {
			`true`: true, `false`: false, `1 == 1`: true, `1 != 2`: true, `007 == 7`: true, `"a" == 'a'`: true,
			`null == null`: true, `null != null`: false, `true == null`: false, `1 == null`: false, `"" == null`: false,
			`true == true`: true, `true != false`: true,
		},
		"strings": {
			`"a\tb" == 'a` + "\t" + `b'`: true, `"\x41\102\s\"\q" == 'AB "q'`: true, `"\xg" == 'xg'`: true,
			`'\n' == "\\n"`: true, `'it\'s' == "it's"`: true, `'\\' == "\\"`: true,
			`"cost $$5" == 'cost $5'`: true, `"cost $5" == 'cost $5'`: true, `"$" == '$'`: true, `"\$branch" == '$branch'`: true,
			`"größe" == 'größe'`: true, `"\377" == "\xff"`: true, `"a` + "\n" + `b" == "a\nb"`: true,
		},
		"arrays": {
			`["a", 'b'] includes "b"`: true, `["a"] includes "b"`: false, `[] includes "b"`: false,
			`["a"] == ["a"]`: true, `["a"] == ["b"]`: false, `[] == []`: true, `[] == null`: false, `["$branch"] includes "main"`: true,
			`build.creator.teams includes "deploy"`: true, `build.creator.teams includes /^plat/`: true,
			`build.creator.teams includes /^x/`: false, `build.creator.teams includes null`: false,
			`build.author.teams includes "deploy"`: false, `build.author.teams includes /./`: false, `build.author.teams == null`: true,
			`build.pull_request.labels == null`: false, `null includes "x"`: false, `null includes null`: false,
			`(build.number == 1 ? build.author.teams : ["x"]) includes "x"`: true,
		},
		"regular expressions": {
			`build.branch =~ /^features\//`: true, `build.branch !~ /^features\//`: false, `build.message =~ /\[SKIP tests\]/i`: true,
			`build.message =~ /\[SKIP tests\]/`: false, `build.tag =~ /x/`: false, `build.tag !~ /x/`: true,
			`null =~ /x/`: false, `null !~ /x/`: true, `"fee$" =~ /fee\$/`: true, `"fee" =~ /fee$$/`: true,
			`"v12" =~ /^v[[:digit:]]+$/`: true, `"ab" =~ /a(?=b)/`: true, `"ac" =~ /a(?!b)/`: true, `"aa" =~ /(a)\1/`: true,
			`"a/b" =~ /a\/b/`: true, `build.state =~ /^fail/`: true, `"AB" =~ /(?i)ab/`: true,
		},
		"variables": {
			`build.number == 42`: true, `42 == build.number`: true, `build.commit == null`: true, `build.commit != "x"`: true,
			`build.source == "webhook"`: true, `build.source != "ui"`: true, `"webhook" == build.source`: true,
			`["ui", "webhook"] includes build.source`: true, `[build.source] includes "webhook"`: true,
			`build.source == build.source`: true, `build.scm.author.name == "Ada"`: true, `scm.author.name == "Ada"`: true,
			`build.branch == pipeline.default_branch`: false,
		},
		"aliases of states": {
			`build.state == "failing"`: true, `build.state == "started_failing"`: true, `"started_failing" == build.state`: true,
			`build.state != "started_failing"`: false, `build.state == "started"`: false,
			`["started_failing"] includes build.state`: true,
		},
		"null booleans": {
			`!build.pull_request.repository.fork`: true, `build.pull_request.repository.fork || false`: false,
			`build.pull_request.repository.fork`: false, `build.pull_request.repository.fork && true`: false,
			`build.pull_request.repository.fork == false`: false, `build.pull_request.repository.fork ? true : false`: false,
			`build.pull_request.draft`: true, `!build.pull_request.draft`: false, `true ? null : true`: false,
		},
		"precedence": {
			`true || false && false`: true, `(true || false) && false`: false, `!false && false`: false, `!(false && false)`: true,
			`!true == false`: true, `!!true`: true, `1 == 1 == true`: true, `true == true && false == false`: true,
			`1 == 2 ? 3 == 4 : 5 == 5`: true, `1 == 1 ? 3 == 4 : 5 == 5`: false, `false ? true : false ? false : true`: true,
			`true ? true ? false : true : true`: false, `false || true ? false : true`: false, `(true?1:2)==1`: true,
			`null =~ /a/ == false`: true,
		},
		"comments and blanks": {
			"// first\n true && // second\n\ttrue // third": true, "true//": true, "\r\n true \f\v": true,
			`"// no comment" == '// no comment'`: true,
		},
		"functions": {
			`env("branch") == "main"`: true, `build.env('branch') == "main"`: true, `env("missing") == ""`: true,
			`build.env("missing") == null`: true, `build.env("empty") == ""`: true, `env(build.env("NAME_OF_IT")) == "main"`: true,
			`env("BUILDKITE_BRANCH") == "topic"`: true, `build.env("BUILDKITE_TAG") == ""`: true, `env("${tag}x-"  == "" ? "a" : "b") == ""`: true,
			`build.env("BUILDKITE_COMMIT") =~ /x/`: false,
		},
		"substitution": {
			`$branch == "main"`: true, `$branch.deploy == "main.deploy"`: true, `${branch} == "main"`: true, `$missing == null`: true,
			`${missing} == null`: true, `$missing.x == ".x"`: true, `"$missing" == ""`: true, `"<${branch}>$tag" == "<main>foo"`: true,
			`'$branch' == "main"`: false, `"C:\\${branch}" == 'C:\\main'`: true,
		},
		"substitution defaults": {
			`${branch-xx} == "main"`: true, `${missing-xx} == "xx"`: true, `${empty-xx} == ""`: true, `${empty:-xx} == "xx"`: true,
			`${missing:-a b} == "a b"`: true, `${missing-} == ""`: true, `${missing:-${empty:-$tag}} == "foo"`: true,
			`${branch+xx} == "xx"`: true, `${missing+xx} == ""`: true, `${empty+xx} == "xx"`: true, `${empty:+xx} == ""`: true,
			`${missing-"}"} == "}"`: true, `${missing-'$branch'} == '$branch'`: true, `${missing-"$branch"} == "main"`: true,
			`${missing-\x41\svalue} == "A value"`: true, `"${missing-"quoted"}" == "quoted"`: true, `${branch?} == "main"`: true,
			`${branch:?must be set} == "main"`: true, `${empty?} == ""`: true,
		},
		"substring": {
			`${branch:1:2} == "ai"`: true, `${branch:2} == "in"`: true, `${branch: -1} == "n"`: true, `${branch:0:-1} == "mai"`: true,
			`${branch:2:$two} == "in"`: true, `${branch:${empty:-1}:${two+2}} == "ai"`: true, `${branch:25:2} == ""`: true,
			`${branch:1:99} == "ain"`: true, `${branch:-1} == "main"`: true, `${branch: -99} == "main"`: true,
			`${branch:3:$minus} == ""`: true, `${missing:1} == null`: true, `${accents:1:1} == "ö"`: true,
			`${branch:1:9223372036854775807} == "ain"`: true, `${branch: -9223372036854775808:1} == "m"`: true,
		},
		"operands that do not matter": {
			`false && ${missing?} == "x"`: false, `true || ${missing?} == "x"`: true, `true ? true : ${missing?} == "x"`: true,
		},
	}
	for group, cases := range groups {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			for src, want := range cases {
				expr, err := Parse(src, ScopeBuildNotify)
				if err != nil {
					t.Errorf("Parse(%s): %v", src, err)
					continue
				}
				got, err := expr.Eval(testVars())
				if err != nil || got != want {
					t.Errorf("%s is %v, %v; want %v", src, got, err, want)
				}
			}
		})
	}
}

func TestEvalWithoutVars(t *testing.T) {
	t.Parallel()
	expr, err := Parse(`build.branch == null && $x == null && env("x") == "" && build.env("x") == null`, ScopeStep)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := expr.Eval(Vars{}); err != nil || !got {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestEvalErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, src, want string
	}{
		{"value of another type", `build.commit == "x"`, "`build.commit` should be a string but is a number (line 1, column 1)"},
		{"null in an array", `["a", build.tag] includes "x"`, "an array cannot hold null (line 1, column 7)"},
		{"required", `${missing?} == "x"`, "$missing: not set (line 1, column 1)"},
		{"required with a message", `true && ${missing?set it} == "x"`, "$missing: set it (line 1, column 9)"},
		{"required and blank", `${empty:?} == "x"`, "$empty: not set (line 1, column 1)"},
		{"message with a value stays secret", `${missing?$secret} == "x"`, "$missing: not set (line 1, column 1)"},
		{"offset of a substring", `${branch:$secret} == "x"`, "the offset of the substring of $branch is not an integer (line 1, column 1)"},
		{"length of a substring", `${branch:1:$secret} == "x"`, "the length of the substring of $branch is not an integer (line 1, column 1)"},
		{"computed name", `env("BUILDKITE_$secret") == "x"`, "the name for `env` is not one of an environment variable it may read (line 1, column 5)"},
		{"computed name that is null", `build.env($missing) == "x"`, "the name for `build.env` is not one of an environment variable it may read (line 1, column 11)"},
		{"long text", `"$long$long" == "x"`, "the text is longer than 1048576 bytes after its substitutions (line 1, column 7)"},
	}
	vars := Vars{
		Values: map[string]Value{"build.commit": Int(1)},
		Env: func(name string) (string, bool) {
			switch name {
			case "branch":
				return "main", true
			case "empty":
				return "", true
			case "secret":
				return "hunter2", true
			case "long":
				return strings.Repeat("x", MaxTextLength/2+1), true
			default:
				return "", false
			}
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			expr, err := Parse(tt.src, ScopeStep)
			if err != nil {
				t.Fatal(err)
			}
			got, err := expr.Eval(vars)
			var positioned *Error
			if !errors.As(err, &positioned) || err.Error() != tt.want || got {
				t.Errorf("got %v, %v; want the error %s", got, err, tt.want)
			}
		})
	}
}

func TestSlowRegexIsStopped(t *testing.T) {
	t.Parallel()
	expr, err := Parse(`build.message =~ /^(a+)+$/`, ScopeStep)
	if err != nil {
		t.Fatal(err)
	}
	pattern := expr.root.(*matchNode).right.compiled
	if pattern.MatchTimeout != MatchTimeout {
		t.Errorf("the limit is %s, want %s", pattern.MatchTimeout, MatchTimeout)
	}
	pattern.MatchTimeout = time.Millisecond
	message := strings.Repeat("a", 64) + "!"
	_, err = expr.Eval(Vars{Values: map[string]Value{"build.message": String(message)}})
	want := "the regular expression took longer than 1s: make it simpler (line 1, column 18)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestEvaluationIsStopped(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		src string
		// allowed is how many matches there is time for.
		allowed int
		want    string
	}{
		"in time":        {`build.branch =~ /x/ || build.branch =~ /o/`, 2, ""},
		"second match":   {`build.branch =~ /x/ || build.branch =~ /o/`, 1, "there is no time left for this regular expression: make those of the conditions simpler (line 1, column 40)"},
		"second element": {`["a", "b"] includes /b/`, 1, "there is no time left for this regular expression: make those of the conditions simpler (line 1, column 21)"},
		"no match":       {`build.branch == "topic" || build.tag =~ /x/`, 0, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expr, err := Parse(tt.src, ScopeStep)
			if err != nil {
				t.Fatal(err)
			}
			asked := 0
			vars := Vars{Values: map[string]Value{"build.branch": String("topic")}, Stop: func() bool {
				asked++
				return asked > tt.allowed
			}}
			got, err := expr.Eval(vars)
			if tt.want == "" {
				if err != nil || !got {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestStringsCopies(t *testing.T) {
	t.Parallel()
	teams := []string{"deploy"}
	vars := Vars{Values: map[string]Value{"build.creator.teams": Strings(teams)}}
	teams[0] = "other"
	expr, err := Parse(`build.creator.teams includes "deploy"`, ScopeStep)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := expr.Eval(vars); err != nil || !got {
		t.Errorf("got %v, %v", got, err)
	}
}
