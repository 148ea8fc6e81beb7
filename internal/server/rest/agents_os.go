package rest

import (
	"regexp"
	"strings"
)

// userAgentSystem is where an agent names its system: `buildkite-agent/3.138.1.x (linux; amd64)`.
var userAgentSystem = regexp.MustCompile(`\(([a-z0-9]+); [a-z0-9_]+\)`)

// osID is an agent's operating system in a word, such as linux. What it registered with is the description that its
// machine has of it, of many lines (docs/contract/agent-api.md, section 5), so its user agent goes first. Empty is unknown.
func osID(userAgent, os string) string {
	if found := userAgentSystem.FindStringSubmatch(userAgent); found != nil {
		return found[1]
	}
	if words := strings.Fields(os); len(words) == 1 {
		return words[0]
	}
	return ""
}
