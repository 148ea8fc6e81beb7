package rest

import "testing"

func TestOSID(t *testing.T) {
	t.Parallel()
	const dump = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"
	for name, c := range map[string]struct{ userAgent, os, want string }{
		"agent":             {"buildkite-agent/3.138.1.x (linux; amd64)", dump, "linux"},
		"on a mac":          {"buildkite-agent/3.138.1+x.123 (darwin; arm64)", "15.1\n", "darwin"},
		"another client":    {"curl/8.5.0", dump, ""},
		"a word of its own": {"curl/8.5.0", "plan9\n", "plan9"},
		"nothing":           {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := osID(c.userAgent, c.os); got != c.want {
				t.Errorf("osID = %q, want %q", got, c.want)
			}
		})
	}
}
