package pipelines

import (
	"net/url"
	"strings"
)

// Providers: the kinds of source hosts (contracts/rest/objects.json, provider).
const (
	providerGitHub           = "github"
	providerGitHubEnterprise = "github_enterprise"
	providerGitLab           = "gitlab"
	providerGitLabEE         = "gitlab_ee"
	providerBitbucket        = "bitbucket"
	providerBitbucketServer  = "bitbucket_server"
	providerBeanstalk        = "beanstalk"
	providerCodebase         = "codebase"
	providerUnknown          = "unknown"
)

// source is what an address tells of a repository.
type source struct {
	provider string
	// name is `owner/name`, or what else the path says.
	name string
}

// sourceOf infers a repository's host from its address: a URL, or git's short form `user@host:path`.
func sourceOf(repository string) source {
	host, path := hostAndPath(repository)
	path = strings.Trim(strings.TrimSuffix(strings.TrimRight(path, "/"), ".git"), "/")
	return source{provider: providerOf(host), name: path}
}

func hostAndPath(repository string) (host, path string) {
	if strings.Contains(repository, "://") {
		u, err := url.Parse(repository)
		if err != nil {
			return "", ""
		}
		return strings.ToLower(u.Hostname()), u.Path
	}
	host, path, short := strings.Cut(repository, ":")
	if !short || strings.Contains(host, "/") { // a path on somebody's disk
		return "", repository
	}
	if _, after, ok := strings.Cut(host, "@"); ok {
		host = after
	}
	return strings.ToLower(host), path
}

func providerOf(host string) string {
	under := func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
	label := func(word string) bool {
		for part := range strings.SplitSeq(host, ".") {
			if part == word {
				return true
			}
		}
		return false
	}
	switch {
	case under("github.com"):
		return providerGitHub
	case under("gitlab.com"):
		return providerGitLab
	case under("bitbucket.org"):
		return providerBitbucket
	case under("beanstalkapp.com"):
		return providerBeanstalk
	case under("codebasehq.com"):
		return providerCodebase
	case label("github"):
		return providerGitHubEnterprise
	case label("gitlab"):
		return providerGitLabEE
	case label("bitbucket"):
		return providerBitbucketServer
	}
	return providerUnknown
}
