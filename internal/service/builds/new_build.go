package builds

import (
	"fmt"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/commit"
	"github.com/bridle-ci/bridle/internal/core/environment"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// Limits of what a build is asked for with.
const (
	maxMetaDataBytes = 100 << 10
	maxMetaDataKeys  = 1000
	maxKeyBytes      = 255

	maxAuthorBytes     = 1024 // each of an author's texts
	maxRepositoryBytes = 2048
	maxPullLabels      = 100
	maxPullLabelBytes  = 255
	// maxPullRequestDigits is what a 64 bit number has.
	maxPullRequestDigits = 19
)

// complaints are the fields of a build that cannot be what they are for.
type complaints []fault.Field

func (c *complaints) add(field, code string) {
	if code != "" {
		*c = append(*c, fault.Field{Field: field, Code: code})
	}
}

// length complains of a value of more than so many bytes.
func (c *complaints) length(field, value string, most int) {
	if len(value) > most {
		c.add(field, fmt.Sprintf("is too long (maximum is %d bytes)", most))
	}
}

func checkNewBuild(in NewBuild) error {
	var c complaints
	c.add("commit", commit.RefProblem(in.Commit))
	c.add("branch", commit.RefProblem(in.Branch))
	c.add("message", commit.MessageProblem(in.Message))
	if a := in.Author; a != nil {
		c.length("author.name", a.Name, maxAuthorBytes)
		c.length("author.email", a.Email, maxAuthorBytes)
		c.length("author.username", a.Username, maxAuthorBytes)
	}
	if in.PullRequest != nil {
		c.pullRequest(in.PullRequest)
	}
	c.add("env", environment.OfBuilds.Problem(in.Env))
	c.add("meta_data", checkMetaData(in.MetaData))
	if len(c) > 0 {
		return fault.InvalidFields(c...)
	}
	return nil
}

func (c *complaints) pullRequest(pr *store.PullRequest) {
	if !isNumber(pr.ID) {
		c.add("pull_request_id", "must be the number of a pull request")
	}
	c.length("pull_request_base_branch", pr.Base, commit.MaxRefBytes)
	c.length("pull_request_repository", pr.Repository, maxRepositoryBytes)
	if len(pr.Labels) > maxPullLabels {
		c.add("pull_request_labels", fmt.Sprintf("are too many (maximum is %d)", maxPullLabels))
		return
	}
	for _, label := range pr.Labels {
		c.length("pull_request_labels", label, maxPullLabelBytes)
	}
}

// isNumber reports whether a text is the number of a pull request, which has no sign.
func isNumber(text string) bool {
	return text != "" && len(text) <= maxPullRequestDigits && strings.Trim(text, "0123456789") == ""
}

func checkMetaData(items map[string]string) string {
	if len(items) > maxMetaDataKeys {
		return fmt.Sprintf("has too many keys (maximum is %d)", maxMetaDataKeys)
	}
	for key, value := range items {
		switch {
		case strings.TrimSpace(key) == "" || len(key) > maxKeyBytes || strings.Contains(key, "\x00"):
			return fmt.Sprintf("has an invalid key %q", key)
		case len(value) > maxMetaDataBytes:
			return fmt.Sprintf("has a value for %q that is too long (maximum is %d bytes)", key, maxMetaDataBytes)
		case strings.Contains(value, "\x00"):
			return fmt.Sprintf("has an invalid value for %q", key)
		}
	}
	return ""
}
