//go:build unix

package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// maxSocketFolder keeps the socket's path under the 104 bytes that the strictest system allows.
const maxSocketFolder = 80

// pollEvery is the pause between attempts to reach a server that is starting.
const pollEvery = 10 * time.Millisecond

// watch runs the server and ends it when the standard input does: the kernel closes the test process's end of that pipe
// even if the process is killed.
const watch = `folder=$1; shift
"$@" </dev/null & server=$!
read -r _
kill -QUIT $server; wait $server; rm -rf "$folder"`

// startServer starts a private server with nothing durable about it.
func startServer(ctx context.Context) (*server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	folder, err := makeFolder(who)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata", data, "--username", "postgres",
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	initdb.Dir = folder
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(folder))
	}
	return launch(ctx, filepath.Join(bin, "postgres"), folder, who)
}

func launch(ctx context.Context, postgres, folder string, who *syscall.Credential) (*server, error) {
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	args := []string{"-c", watch, "sh", folder, postgres, "-D", filepath.Join(folder, "data"), "-k", folder}
	for _, setting := range []string{
		"listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off",
		"max_connections=300", "shared_buffers=64MB", "deadlock_timeout=100ms", "wal_level=minimal", "max_wal_senders=0",
	} {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true} // an interrupt from the keyboard is for the tests
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	s := &server{alive: alive, ended: make(chan struct{})}
	s.url = url.URL{Scheme: "postgres", Path: "/postgres", RawQuery: url.Values{
		"host": {folder}, "user": {"postgres"}, "sslmode": {"disable"},
	}.Encode()}
	go func() {
		_ = cmd.Wait() // its status says no more than that it ended
		close(s.ended)
	}()
	if err := s.await(ctx); err != nil {
		said, _ := os.ReadFile(log.Name()) // only to explain err
		_ = alive.Close()
		<-s.ended
		return nil, fmt.Errorf("start PostgreSQL: %w: %s", err, bytes.TrimSpace(said))
	}
	return s, nil
}

// await connects as soon as the server answers.
func (s *server) await(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := s.connect(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// findBinaries returns the folder of the newest server installed.
func findBinaries() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if initdb, err = filepath.EvalSymlinks(initdb); err == nil {
			return filepath.Dir(initdb), nil
		}
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql@*/bin/initdb"} {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		found = append(found, matches...)
	}
	if len(found) == 0 {
		return "", fmt.Errorf("no PostgreSQL server is installed: install one (Debian: apt-get install postgresql) or set %s", serverVariable)
	}
	return filepath.Dir(slices.Max(found)), nil
}

// unprivileged returns whom to run the server as, since it refuses to run as root; nil is the present user.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody: run the tests as another user")
}

func makeFolder(who *syscall.Credential) (string, error) {
	parent := os.TempDir()
	if len(parent) > maxSocketFolder {
		parent = "/tmp"
	}
	folder, err := os.MkdirTemp(parent, "bridle-pg-")
	if err != nil {
		return "", err
	}
	if who != nil {
		if err := os.Chown(folder, int(who.Uid), int(who.Gid)); err != nil {
			return "", err
		}
	}
	return folder, nil
}
