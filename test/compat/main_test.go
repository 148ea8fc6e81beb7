package compat

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bridle-ci/bridle/internal/agentbin"
	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
)

// The programs under test, built or found once.
var bridleBinary, agentBinary string

func TestMain(m *testing.M) {
	flag.Parse()
	folder, err := os.MkdirTemp("", "bridle-compat-")
	if err == nil {
		err = prepare(folder)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "prepare the programs under test:", err)
		os.Exit(1)
	}
	defer os.RemoveAll(folder)
	pgtest.Main(m)
}

func prepare(folder string) error {
	bridleBinary = filepath.Join(folder, "bridle")
	build := exec.Command("go", "build", "-o", bridleBinary, "github.com/bridle-ci/bridle/cmd/bridle")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	finder := agentbin.Finder{Progress: func(line string) { fmt.Fprintln(os.Stderr, line) }}
	agent, err := finder.Find(context.Background())
	agentBinary = agent.Path
	return err
}
