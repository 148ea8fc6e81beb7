package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Finding is what one look at a server's surroundings found.
type Finding struct {
	Name string
	Text string
	// Warning says that the server starts, but somebody may want to know.
	Warning bool
	// Err says that the server does not start.
	Err error
}

// Examine looks at what a server with these settings depends on, and changes nothing.
func Examine(ctx context.Context, s config.Server) []Finding {
	findings := []Finding{settings(s)}
	if findings[0].Err != nil {
		return findings // the rest would only say the same in other words
	}
	return append(findings, examineFolder(s), examineDatabase(ctx, s), examineAddress(ctx, s), examineURL(s), examineTool("git"), examineTool("bash"))
}

func settings(s config.Server) Finding {
	return Finding{Name: "settings", Text: "nothing contradicts itself", Err: s.Validate()}
}

func examineFolder(s config.Server) Finding {
	f := Finding{Name: "data"}
	path := dataFolder(s)
	if path == "" {
		f.Text = "a temporary folder, removed when the server stops"
		return f
	}
	path, err := filepath.Abs(path)
	if err != nil {
		f.Err = err
		return f
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Text = path + " is made by the first start"
	case err != nil:
		f.Err = err
	case !info.IsDir():
		f.Err = fmt.Errorf("%s is no folder: choose another one with --data", path)
	default:
		f.Text = path
		f.Err = writable(path)
	}
	return f
}

// writable reports whether files can be made in a folder.
func writable(path string) error {
	probe, err := os.CreateTemp(path, ".doctor-")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

func examineDatabase(ctx context.Context, s config.Server) Finding {
	f := Finding{Name: "database"}
	path := dataFolder(s)
	if s.Database == "" {
		if path == "" {
			f.Text = "SQLite in the temporary folder"
			return f
		}
		if _, err := os.Stat(filepath.Join(path, config.DatabaseFile)); err != nil {
			f.Text = "SQLite, made by the first start"
			return f
		}
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: databaseURL(s.Storage, path)})
	if err != nil {
		f.Err = err
		return f
	}
	f.Text = fmt.Sprintf("%s answers", db.Engine())
	f.Err = db.Close()
	return f
}

func examineAddress(ctx context.Context, s config.Server) Finding {
	f := Finding{Name: "listen", Text: s.Listen + " is free"}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Listen)
	if err != nil {
		// The server itself may be running.
		f.Text, f.Warning = fmt.Sprintf("%s is taken: %s", s.Listen, err), true
		return f
	}
	f.Err = listener.Close()
	return f
}

func examineURL(s config.Server) Finding {
	f := Finding{Name: "url", Text: s.URL}
	host, _, err := net.SplitHostPort(s.Listen)
	if s.URL != "" || err != nil {
		return f
	}
	f.Text = "links lead to the address served on"
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		f.Text, f.Warning = "other machines may connect, but links and uploads lead to this one: set --url", true
	}
	return f
}

// examineTool looks for what `bridle run` and agents on this machine need.
func examineTool(name string) Finding {
	path, err := exec.LookPath(name)
	if err != nil {
		return Finding{Name: name, Text: "not found: `bridle run` needs it, a server does not", Warning: true}
	}
	return Finding{Name: name, Text: path}
}
