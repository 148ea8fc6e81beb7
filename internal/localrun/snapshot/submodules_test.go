package snapshot

import (
	"slices"
	"testing"
)

func TestRelativeTo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ origin, where, want string }{
		"https":     {"https://github.com/acme/app.git", "../lib.git", "https://github.com/acme/lib.git"},
		"two up":    {"https://github.com/acme/app.git", "../../other/lib", "https://github.com/other/lib"},
		"ssh":       {"ssh://git@host:22/acme/app", "../lib", "ssh://git@host:22/acme/lib"},
		"scp form":  {"git@github.com:acme/app.git", "../lib.git", "git@github.com:acme/lib.git"},
		"path":      {"/srv/git/app.git", "../lib.git", "/srv/git/lib.git"},
		"below":     {"/srv/git/app.git", "./lib", "/srv/git/app.git/lib"},
		"no origin": {"", "../lib", "../lib"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := relativeTo(tt.origin, tt.where); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCleanEnvironment(t *testing.T) {
	t.Parallel()
	got := CleanEnvironment([]string{"PATH=/bin", "GIT_DIR=/x/.git", "GIT_INDEX_FILE=.git/index", "GIT_SSH_COMMAND=ssh", "HOME=/root"})
	if want := []string{"PATH=/bin", "GIT_SSH_COMMAND=ssh", "HOME=/root"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
