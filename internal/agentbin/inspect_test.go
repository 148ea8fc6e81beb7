package agentbin

import "testing"

func TestVersionLine(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"buildkite-agent version 3.138.1+11942.c0ffee\n":         "3.138.1",
		"buildkite-agent version 3.138.1+x..dirty\n":             "3.138.1",
		"buildkite-agent version 3.35.0, build 5000\n":           "3.35.0",
		"buildkite-agent version 4.0.0-beta.15+1.abc\n":          "4.0.0-beta.15",
		"warning: odd terminal\nbuildkite-agent version 3.120.0": "3.120.0",
	} {
		match := versionLine.FindStringSubmatch(output)
		if match == nil || match[1] != want {
			t.Errorf("%q: %q, want %q", output, match, want)
		}
	}
	for _, output := range []string{"", "bridle version 3.120.0", "buildkite-agent version dev"} {
		if match := versionLine.FindStringSubmatch(output); match != nil {
			t.Errorf("%q: %q, want no match", output, match)
		}
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		MinimumVersion:   true,
		"3.119.9":        false,
		"3.99.0":         false,
		"3.120.1":        true,
		"3.120.0-beta.1": true,
		"3.1000.0":       true,
		"2.200.0":        false,
		"4.0.0-beta.15":  true,
		"":               false,
	} {
		if got := recent(version); got != want {
			t.Errorf("recent(%q) = %t", version, got)
		}
	}
}
