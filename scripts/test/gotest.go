package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// timeout bounds the tests of one package; a machine with two cores and cold caches is slow.
const timeout = "20m"

func (s *suite) test(ctx context.Context, args ...string) error {
	_, err := s.testReport(ctx, ".", args...)
	return err
}

// testReport runs go test in a folder and prints what it would print without -v, as it comes. Vet is a stage of its own.
func (s *suite) testReport(ctx context.Context, folder string, args ...string) (*report, error) {
	cmd := command(ctx, "go", append([]string{"test", "-json", "-vet=off", "-timeout=" + timeout}, args...)...)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start go test: %w", err)
	}
	r := newReport(s.out)
	r.excusePostgres = !s.machine.postgres
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		r.line(lines.Bytes())
	}
	err = errors.Join(lines.Err(), cmd.Wait())
	if n := r.excused; n > 0 {
		s.notes = append(s.notes, fmt.Sprintf("%d tests on PostgreSQL: %s", n, noPostgres))
	}
	return r, r.verdict(err)
}

// maxLine bounds an event of go test, which holds one line that a test printed.
const maxLine = 16 << 20

// verdict is the error of a run: err is that of the go command.
func (r *report) verdict(err error) error {
	switch {
	case len(r.failed) > 0:
		return fmt.Errorf("%d failed: %s", len(r.failed), strings.Join(r.failed, ", "))
	case err != nil && r.excused > 0 && !r.broken:
		return nil // the tests that were left out are all that failed
	case err != nil:
		return fmt.Errorf("go test: %w", err)
	case r.packages == 0:
		return errors.New("there are no packages")
	}
	return nil
}
