package agentbin

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Agents print their version with a build number and commit, which differ in
// form between releases and which nobody needs.
var versionLine = regexp.MustCompile(`(?m)^buildkite-agent version (\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)`)

// inspect runs the file at path to learn which version of the agent it is.
func inspect(ctx context.Context, path string) (Agent, error) {
	// A file of that name may be anything, also something that never ends.
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()

	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.WaitDelay = time.Second
	killTogether(cmd)
	out, err := cmd.Output()
	if err != nil {
		return Agent{}, fmt.Errorf("run it with --version: %w", err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return Agent{}, errors.New("it does not print a version as buildkite-agent does")
	}
	return Agent{Path: path, Version: string(match[1])}, nil
}

// recent reports whether version is at least MinimumVersion.
func recent(version string) bool {
	return slices.Compare(release(version), release(MinimumVersion)) >= 0
}

// release returns the numbers of a version; a pre-release has those of the
// release it leads to.
func release(version string) []int {
	version, _, _ = strings.Cut(version, "-")
	var numbers []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	return numbers
}
