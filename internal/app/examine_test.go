package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/app"
	"github.com/bridle-ci/bridle/internal/platform/config"
)

func TestExamine(t *testing.T) {
	t.Parallel()
	used := t.TempDir()
	running := start(t, settings(used))
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	t.Cleanup(func() {
		if _, err := os.Stat(fresh); err == nil {
			t.Error("the examination made the folder")
		}
	})
	for name, tt := range map[string]struct {
		change  func(*config.Server)
		finding string
		text    string
		warning bool
		fails   bool
	}{
		"data to be made":     {func(s *config.Server) { s.Data = fresh }, "data", "is made by the first start", false, false},
		"data there":          {func(s *config.Server) { s.Data = used }, "data", used, false, false},
		"data is a file":      {func(s *config.Server) { s.Data = file }, "data", "is no folder", false, true},
		"data temporary":      {func(s *config.Server) { s.Dev = true }, "data", "a temporary folder", false, false},
		"database to be made": {func(s *config.Server) { s.Data = fresh }, "database", "made by the first start", false, false},
		"database there":      {func(s *config.Server) { s.Data = used }, "database", "sqlite answers", false, false},
		"database away": {func(s *config.Server) {
			s.Database = "postgres://bridle:hunter2@127.0.0.1:1/ci"
		}, "database", "127.0.0.1", false, true},
		"address free":   {func(*config.Server) {}, "listen", "is free", false, false},
		"address taken":  {func(s *config.Server) { s.Listen = running.Addr.String() }, "listen", "is taken", true, false},
		"url set":        {func(s *config.Server) { s.URL = "https://ci.example.com" }, "url", "https://ci.example.com", false, false},
		"url not needed": {func(*config.Server) {}, "url", "address served on", false, false},
		"url missing":    {func(s *config.Server) { s.Listen = ":0" }, "url", "set --url", true, false},
		"settings":       {func(s *config.Server) { s.URL = "ci" }, "settings", `--url "ci"`, false, true},
		"git":            {func(*config.Server) {}, "git", "git", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings("")
			tt.change(&s)
			for _, f := range app.Examine(t.Context(), s) {
				if f.Name != tt.finding {
					continue
				}
				text := f.Text
				if f.Err != nil {
					text = f.Err.Error()
				}
				if !strings.Contains(text, tt.text) || f.Warning != tt.warning || (f.Err != nil) != tt.fails {
					t.Errorf("found %+v, want %q", f, tt.text)
				}
				if strings.Contains(text, "hunter2") {
					t.Errorf("the password is in %q", text)
				}
				return
			}
			t.Errorf("nothing was found about %s", tt.finding)
		})
	}
}
