package conditional

import "testing"

func TestCompileRegex(t *testing.T) {
	t.Parallel()
	const (
		look        = "the regular expression uses look-behind, which conditions do not support"
		atomic      = "the regular expression uses an atomic group, which conditions do not support"
		named       = "the regular expression uses a named group, which conditions do not support"
		possessive  = "the regular expression uses a possessive quantifier, which conditions do not support"
		conditional = "the regular expression uses a conditional group, which conditions do not support"
	)
	tests := []struct {
		name, pattern, want string
	}{
		{"look-behind", `(?<=a)b`, look},
		{"negative look-behind", `(?<!a)b`, look},
		{"atomic group", `(?>a*)a`, atomic},
		{"named group", `(?<name>a)`, named},
		{"named group with a P", `(?P<name>a)`, named},
		{"named group in quotes", `(?'name'a)`, named},
		{"conditional group", `(a)(?(1)b|c)`, conditional},
		{"possessive star", `a*+`, possessive},
		{"possessive plus", `a++`, possessive},
		{"possessive question mark", `a?+`, possessive},
		{"possessive count", `a{3}+`, possessive},
		{"possessive open count", `a{2,}+`, possessive},
		{"possessive range", `a{1,3}+`, possessive},
		{"after a comment", `a(?#\)(?<name>b)`, named},
		{"after a class", `[(](?<name>b)`, named},
		{"after an escape", `\\(?<name>b)`, named},
		{"invalid", `(`, "the regular expression is invalid: error parsing regexp: missing closing ) in `(`"},
		{"look-ahead", `a(?=b)`, ""},
		{"negative look-ahead", `a(?!b)`, ""},
		{"group without capture", `(?:a)+`, ""},
		{"flag", `(?i)a`, ""},
		{"lazy", `a*?b+?c??`, ""},
		{"escaped opening", `\(\?<=a\)`, ""},
		{"escaped count", `\{1,3\}\+`, ""},
		{"escaped plus", `\++`, ""},
		{"braces that count nothing", `x}+`, ""},
		{"in a class", `[(?<=]`, ""},
		{"plus signs in a class", `[+*++]+`, ""},
		{"in a class after a named one", `[[:digit:](?<=]`, ""},
		{"in a class that starts with a bracket", `[](?<=]`, ""},
		{"in a negated class that starts with a bracket", `[^](?<=]`, ""},
		{"in a class after an escape", `[\](?<=]`, ""},
		{"in a comment", `a(?# (?<= )b`, ""},
		{"repeated code point", `\x{41}+`, ""},
		{"repeated property", `\p{Greek}+`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := compileRegex(tt.pattern, false)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.pattern, got, tt.want)
			}
		})
	}
}

func TestRegexErrorHasItsPosition(t *testing.T) {
	t.Parallel()
	_, err := Parse(`build.branch =~ /(?<=a)b/`, ScopeStep)
	want := "the regular expression uses look-behind, which conditions do not support (line 1, column 17)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
