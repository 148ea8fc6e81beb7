package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// toolsModule has the linters, so that the product's go.mod stays free of them.
const toolsModule = "tools/go.mod"

// goTool is a tool of that module as seen from a folder.
func goTool(folder, name string, args ...string) ([]string, error) {
	path, err := filepath.Rel(folder, toolsModule)
	return append([]string{"tool", "-modfile=" + path, name}, args...), err
}

func format(ctx context.Context, s *suite) error {
	folders, err := sourceFolders()
	if err != nil {
		return err
	}
	args, err := goTool(".", "gofumpt", append([]string{"-l"}, folders...)...)
	if err != nil {
		return err
	}
	changed, err := output(ctx, "go", args...)
	if err != nil || changed == "" {
		return err
	}
	fmt.Fprint(s.out, changed)
	return fmt.Errorf("%d files are not formatted; run: go tool -modfile=%s gofumpt -w %s",
		len(strings.Fields(changed)), toolsModule, strings.Join(strings.Fields(changed), " "))
}

// sourceFolders are the folders at the top that may hold code: a hidden one never does, nor does what a server left.
func sourceFolders() ([]string, error) {
	entries, err := os.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && e.Name() != "bridle-data" {
			folders = append(folders, e.Name())
		}
	}
	return folders, nil
}

// lint runs the linters side by side: each is slow at something else.
func lint(ctx context.Context, s *suite) error {
	var jobs []func() (string, error)
	for _, folder := range append([]string{"."}, modules...) {
		staticcheck, err := goTool(folder, "staticcheck", "./...")
		if err != nil {
			return err
		}
		jobs = append(jobs,
			func() (string, error) { return check(ctx, folder, "go vet", "vet", "./...") },
			func() (string, error) { return check(ctx, folder, "staticcheck", staticcheck...) })
	}
	outputs, errs := make([]string, len(jobs)), make([]error, len(jobs))
	var running sync.WaitGroup
	for i, job := range jobs {
		running.Go(func() { outputs[i], errs[i] = job() })
	}
	running.Wait()
	for _, text := range outputs {
		fmt.Fprint(s.out, text)
	}
	return errors.Join(errs...)
}

func check(ctx context.Context, folder, what string, args ...string) (string, error) {
	cmd := command(ctx, "go", args...)
	cmd.Dir = folder
	text, err := cmd.CombinedOutput()
	if err != nil {
		return string(text), fmt.Errorf("%s in %s: %w", what, folder, err)
	}
	return string(text), nil
}
