package conditional

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sample is a boolean expression that was made together with its value.
type sample struct {
	src   string
	value bool
}

// genSample draws an expression of at most the given depth. Its text needs no parentheses around it.
func genSample(t *rapid.T, depth int) sample {
	if depth == 0 {
		return rapid.SampledFrom([]sample{
			{"true", true},
			{"false", false},
			{`build.number == 42`, true},
			{`build.branch =~ /^main/`, false},
			{`build.pull_request.draft`, true},
			{`build.tag == null`, true},
			{`(build.creator.teams includes "deploy")`, true},
			{`$missing != null`, false},
		}).Draw(t, "leaf").parenthesized()
	}
	left := genSample(t, depth-1)
	switch rapid.IntRange(0, 5).Draw(t, "form") {
	case 0:
		return sample{"!" + left.src, !left.value}
	case 1:
		right := genSample(t, depth-1)
		return sample{left.src + " && " + right.src, left.value && right.value}.parenthesized()
	case 2:
		right := genSample(t, depth-1)
		return sample{left.src + "||" + right.src, left.value || right.value}.parenthesized()
	case 3:
		right := genSample(t, depth-1)
		return sample{left.src + " == " + right.src, left.value == right.value}.parenthesized()
	case 4:
		right := genSample(t, depth-1)
		return sample{left.src + "!=" + right.src, left.value != right.value}.parenthesized()
	default:
		yes, no := genSample(t, depth-1), genSample(t, depth-1)
		value := no.value
		if left.value {
			value = yes.value
		}
		return sample{left.src + " ? " + yes.src + " : " + no.src, value}.parenthesized()
	}
}

func (s sample) parenthesized() sample { return sample{"(" + s.src + ")", s.value} }

func evalSrc(t *rapid.T, src string) bool {
	expr, err := Parse(src, ScopeStep)
	if err != nil {
		t.Fatalf("Parse(%s): %v", src, err)
	}
	got, err := expr.Eval(testVars())
	if err != nil {
		t.Fatalf("Eval(%s): %v", src, err)
	}
	return got
}

func TestEvalAgreesWithGo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSample(t, rapid.IntRange(0, 4).Draw(t, "depth"))
		if got := evalSrc(t, s.src); got != s.value {
			t.Fatalf("%s is %v, want %v", s.src, got, s.value)
		}
	})
}

func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := genSample(t, 2).src, genSample(t, 2).src, genSample(t, 1).src
		for _, law := range [][2]string{
			{"!(" + a + "&&" + b + ")", "!" + a + "||!" + b},
			{"!(" + a + "||" + b + ")", "!" + a + "&&!" + b},
			{"!!" + a, a},
			{a + "!=" + b, "!(" + a + "==" + b + ")"},
			{a + "||" + b + "&&" + c, a + "||(" + b + "&&" + c + ")"},
			{a + "?" + b + ":" + c, a + "&&" + b + "||!" + a + "&&" + c},
			{"// x\n" + a + " // y", a},
		} {
			if evalSrc(t, law[0]) != evalSrc(t, law[1]) {
				t.Fatalf("%s differs from %s", law[0], law[1])
			}
		}
	})
}

// TestStringsRoundTrip writes any text as a string of each kind and reads it back.
func TestStringsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		vars := Vars{Values: map[string]Value{"build.message": String(text)}}
		for _, src := range []string{
			`build.message == "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `$$`).Replace(text) + `"`,
			`build.message == '` + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + `'`,
		} {
			expr, err := Parse(src, ScopeStep)
			if err != nil {
				t.Fatalf("Parse(%s): %v", src, err)
			}
			if got, err := expr.Eval(vars); err != nil || !got {
				t.Fatalf("%s: got %v, %v", src, got, err)
			}
		}
	})
}

// checkAny parses and evaluates arbitrary text and reports what breaks the package's promises.
func checkAny(src string, scope Scope) string {
	expr, err := Parse(src, scope)
	if err != nil {
		var positioned *Error
		switch {
		case expr != nil:
			return "an expression beside an error"
		case errors.Is(err, ErrBlank) != (strings.TrimSpace(src) == ""):
			return "ErrBlank for the wrong text"
		case errors.As(err, &positioned) && (positioned.Line < 1 || positioned.Column < 1 || positioned.Message == ""):
			return "an error without a position: " + err.Error()
		}
		return ""
	}
	first, firstErr := expr.Eval(testVars())
	second, secondErr := expr.Eval(testVars())
	if first != second || (firstErr == nil) != (secondErr == nil) {
		return "two evaluations differ"
	}
	if first && firstErr != nil {
		return "true beside an error"
	}
	return ""
}

func TestTokenSoup(t *testing.T) {
	t.Parallel()
	words := []string{
		"true", "false", "null", "1", `"a"`, "'b'", `"$a"`, "build.branch", "build.state", "build.number", "build.fixed",
		"build.creator.teams", "env(", "build.env(", ")", "(", "[", "]", ",", "==", "!=", "=~", "!~", "&&", "||", "!", "?", ":",
		"includes", "/x/", "/x/i", "$a", "${a:-b}", "${a:1:2}", "//", "\n", "${", `"`, "'",
	}
	rapid.Check(t, func(t *rapid.T) {
		src := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 12).Draw(t, "words"), " ")
		if problem := checkAny(src, Scope(rapid.IntRange(0, 3).Draw(t, "scope"))); problem != "" {
			t.Fatalf("%q: %s", src, problem)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, src := range []string{
		``, ` `, `true`, `build.branch == "main" && build.source != 'ui'`, `build.message !~ /\[skip ci\]/i`,
		`build.pull_request.labels includes "deploy" || !build.pull_request.draft`, `["a", "b"] includes $tag`,
		`build.env("BUILDKITE_BRANCH") =~ /^v[0-9]+(?!x)$/`, `${branch:-${empty:+x}} == "${branch: -2:1}\x41\101\n"`,
		`build.state == "started_failing" ? build.number == 1 : null // why`, "step.outcome == \"passed\"\n|| step.key == null",
		`((((true))))`, `!!!false`, `env("$two") == '\''`, `"a" =~ /(?<x>a)/`, `"${`, `"\`, `/`, `$`, `[`, `a.`,
	} {
		f.Add(src, 0)
		f.Add(src, 2)
	}
	f.Fuzz(func(t *testing.T, src string, scope int) {
		if problem := checkAny(src, Scope(scope&3)); problem != "" {
			t.Errorf("%q: %s", src, problem)
		}
	})
}

// FuzzCompileRegex looks for patterns that slip past the refusals or break the engine.
func FuzzCompileRegex(f *testing.F) {
	for _, pattern := range []string{`^v1`, `(?<=a)`, `a{2,3}+`, `[](?<a>]`, `\p{Greek}+`, `(?#x)`, `(?P<n>a)`, `[[:digit:]]`, `(?i-s:a)`, `{`, `[^`} {
		f.Add(pattern)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		compiled, err := compileRegex(pattern, true)
		if err != nil {
			return
		}
		if strings.Contains(pattern, "x") {
			return // The flag x allows comments to the end of the line, in which a bracket may hide what follows it.
		}
		for _, number := range compiled.GetGroupNumbers() {
			if name := compiled.GroupNameFromNumber(number); strings.Trim(name, "0123456789") != "" {
				t.Errorf("%q has the named group %q", pattern, name)
			}
		}
	})
}
