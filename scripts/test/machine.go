package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// machine is what the tests may find where they run.
type machine struct {
	postgres bool // a server is named or installed
	compiler bool // a C compiler, which the race detector is linked with
	tools    bool // exampleTools
	inBuild  bool // this is a job of a build
}

const (
	noPostgres = "no PostgreSQL server is installed: install one (Debian: apt-get install postgresql) or set BRIDLE_TEST_POSTGRES"
	noTools    = "a program that the examples need is not installed: install all of them (Debian: apt-get install curl jq openssl python3 nodejs)"
	noCompiler = "no C compiler is installed: install one (Debian: apt-get install gcc libc6-dev)"
)

func lookAround(ctx context.Context) machine {
	m := machine{
		postgres: os.Getenv("BRIDLE_TEST_POSTGRES") != "" || installed("initdb", postgresFolders...),
		inBuild:  os.Getenv("BUILDKITE") == "true",
		tools:    !slices.ContainsFunc(exampleTools, func(name string) bool { return !installed(name) }),
	}
	if cc, err := output(ctx, "go", "env", "CC"); err == nil {
		name, _, _ := strings.Cut(strings.TrimSpace(cc), " ")
		m.compiler = installed(name)
	}
	return m
}

// exampleTools are what the examples are run with.
var exampleTools = []string{"bash", "curl", "jq", "openssl", "python3", "node"}

// postgresFolders are where systems put the server's programs, off the PATH.
var postgresFolders = []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"}

func installed(name string, folders ...string) bool {
	if _, err := exec.LookPath(name); err == nil {
		return true
	}
	for _, folder := range folders {
		if found, err := filepath.Glob(filepath.Join(folder, name)); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

func (m machine) lacks() []string {
	var lacks []string
	if !m.postgres {
		lacks = append(lacks, noPostgres)
	}
	if !m.compiler {
		lacks = append(lacks, noCompiler)
	}
	if !m.tools {
		lacks = append(lacks, noTools)
	}
	return lacks
}

// forgetJob drops the variables of the job this runs in, if any: tests that run builds of their own must find a machine
// like any other, and must not be lent the job's token.
func forgetJob() error {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if name == "BUILDKITE" || strings.HasPrefix(name, "BUILDKITE_") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	return nil
}
