package pipelines

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/core/text"
	"github.com/bridle-ci/bridle/internal/store"
)

// Limits of settings: characters of texts, and the contract's of tags (docs/contract/platform.md, section 17).
const (
	maxName        = 255
	maxDescription = 1000
	maxURL         = 2048
	maxBranch      = 255
	maxFilter      = 2000
	maxTags        = 10
	maxTag         = 128
	// maxTimeout is in minutes; like the one of a step, a hundred years.
	maxTimeout = 100 * 365 * 24 * 60

	defaultBranch = "main"
)

// problems are the fields that cannot be what they are for.
type problems []fault.Field

func (p *problems) add(field, code string) {
	if code != "" {
		*p = append(*p, fault.Field{Field: field, Code: code})
	}
}

func (p problems) fault() error {
	if len(p) == 0 {
		return nil
	}
	return fault.InvalidFields(p...)
}

// draft is a pipeline that takes on what is asked for.
type draft struct {
	store.Pipeline
	problems problems
}

// apply changes all settings but the cluster, which takes the database.
func (d *draft) apply(c Changes) {
	d.applyNames(c)
	d.applyRepository(c)
	d.applyConfiguration(c)
	d.applyBranches(c)
	d.applyTimeouts(c)
	d.applyLook(c)
	c.SkipQueuedBranchBuilds.ApplyRequired(&d.SkipQueuedBranchBuilds)
	c.CancelRunningBranchBuilds.ApplyRequired(&d.CancelRunningBranchBuilds)
	if c.AllowRebuilds.Value != nil {
		d.AllowRebuilds = *c.AllowRebuilds.Value
	}
	if c.TemplateID.Value != nil && *c.TemplateID.Value != "" {
		d.problems.add("pipeline_template_uuid", "can't be set: pipeline templates are not available on this installation")
	}
	if len(c.Teams) > 0 {
		d.problems.add("teams", "can't be set: teams are not available on this installation")
	}
}

// applyNames changes the name and the slug. A new name without a slug changes the slug, too, and so all addresses.
func (d *draft) applyNames(c Changes) {
	renamed := c.Name.Value != nil && *c.Name.Value != d.Name
	c.Name.ApplyRequired(&d.Name)
	problem := text.RequiredProblem(d.Name, maxName)
	d.problems.add("name", problem)
	switch {
	case c.Slug.Value != nil && *c.Slug.Value != "":
		d.Slug = *c.Slug.Value
		if !ids.ValidSlug(d.Slug) {
			d.problems.add("slug", fmt.Sprintf("can only contain letters, digits and hyphens, not begin with a hyphen, and have at most %d characters", ids.MaxSlugLength))
		}
	case (renamed || c.Slug.Set) && problem == "":
		if d.Slug = ids.Slug(d.Name); d.Slug == "" {
			d.problems.add("slug", "can't be made of the name, which has no letters or digits: give one")
		}
	}
}

// applyRepository changes where the source is, and with it what can be set about its host.
func (d *draft) applyRepository(c Changes) {
	c.Repository.ApplyRequired(&d.Repository)
	if problem := repositoryProblem(d.Repository); problem != "" {
		d.problems.add("repository", problem)
		return
	}
	source := sourceOf(d.Repository)
	settings, problem := mergeSettings(source, d.ProviderSettings, c.ProviderSettings.Value)
	d.problems.add("provider_settings", problem)
	d.Provider, d.ProviderSettings = source.provider, settings

	d.optional("clone_mirror_url", &d.CloneMirrorURL, c.CloneMirrorURL, mirrorProblem)
}

func repositoryProblem(repository string) string {
	if problem := text.RequiredProblem(repository, maxURL); problem != "" {
		return problem
	}
	// It becomes an argument of git on agents.
	if strings.HasPrefix(repository, "-") || strings.ContainsAny(repository, "\r\n") {
		return "is not the address of a repository"
	}
	return ""
}

// mirrorProblem tells what is wrong with the address of a mirror, a URL or git's short form `user@host:path`. Whoever may
// see the pipeline sees it, so it holds no secrets; the user that SSH logs in as is none.
func mirrorProblem(mirror string) string {
	if problem := repositoryProblem(mirror); problem != "" {
		return problem
	}
	const noAddress = "must be the URL of a repository"
	if strings.ContainsAny(mirror, "?#") {
		return "can't have a query or a fragment"
	}
	if !strings.Contains(mirror, "://") {
		if host, path := hostAndPath(mirror); host == "" || path == "" {
			return noAddress
		}
		return ""
	}
	u, err := url.Parse(mirror)
	if err != nil || u.Host == "" {
		return noAddress
	}
	if _, secret := u.User.Password(); secret || u.User != nil && u.Scheme != "ssh" {
		return "can't hold a user name or a password"
	}
	return ""
}

func (d *draft) applyBranches(c Changes) {
	c.DefaultBranch.ApplyRequired(&d.DefaultBranch)
	if d.DefaultBranch == "" {
		d.DefaultBranch = defaultBranch
	}
	d.problems.add("default_branch", branchProblem(d.DefaultBranch))
	filter := func(value string) string { return text.Problem(value, maxFilter) }
	d.optional("branch_configuration", &d.BranchConfiguration, c.BranchConfiguration, filter)
	d.optional("skip_queued_branch_builds_filter", &d.SkipQueuedBranchBuildsFilter, c.SkipQueuedBranchBuildsFilter, filter)
	d.optional("cancel_running_branch_builds_filter", &d.CancelRunningBranchBuildsFilter, c.CancelRunningBranchBuildsFilter, filter)
}

func branchProblem(branch string) string {
	if problem := text.RequiredProblem(branch, maxBranch); problem != "" {
		return problem
	}
	if strings.HasPrefix(branch, "-") || strings.ContainsAny(branch, " \t\r\n") {
		return "is not the name of a branch"
	}
	return ""
}

// applyTimeouts changes the timeouts. Clients that cannot send null for a number take one away with 0.
func (d *draft) applyTimeouts(c Changes) {
	c.DefaultTimeoutMinutes.Apply(&d.DefaultTimeoutMinutes)
	c.MaximumTimeoutMinutes.Apply(&d.MaximumTimeoutMinutes)
	for _, minutes := range []**int64{&d.DefaultTimeoutMinutes, &d.MaximumTimeoutMinutes} {
		if *minutes != nil && **minutes == 0 {
			*minutes = nil
		}
	}
	for name, minutes := range map[string]*int64{
		"default_command_step_timeout": d.DefaultTimeoutMinutes,
		"maximum_command_step_timeout": d.MaximumTimeoutMinutes,
	} {
		if minutes != nil && (*minutes < 1 || *minutes > maxTimeout) {
			d.problems.add(name, fmt.Sprintf("must be a number of minutes between 1 and %d", maxTimeout))
		}
	}
	if d.DefaultTimeoutMinutes != nil && d.MaximumTimeoutMinutes != nil && *d.DefaultTimeoutMinutes > *d.MaximumTimeoutMinutes {
		d.problems.add("default_command_step_timeout", "can't be longer than maximum_command_step_timeout")
	}
}

// applyLook changes what is only for people.
func (d *draft) applyLook(c Changes) {
	d.optional("description", &d.Description, c.Description, func(v string) string { return text.Problem(v, maxDescription) })
	d.optional("emoji", &d.Emoji, c.Emoji, text.EmojiProblem)
	d.optional("color", &d.Color, c.Color, text.ColorProblem)
	c.Visibility.ApplyRequired(&d.Visibility)
	switch d.Visibility {
	case "":
		d.Visibility = store.VisibilityPrivate
	case store.VisibilityPrivate, store.VisibilityPublic:
	default:
		d.problems.add("visibility", fmt.Sprintf("must be %s or %s", store.VisibilityPrivate, store.VisibilityPublic))
	}
	c.Tags.ApplyRequired(&d.Tags)
	if len(d.Tags) > maxTags {
		d.problems.add("tags", fmt.Sprintf("are too many (maximum is %d)", maxTags))
	}
	for _, tag := range d.Tags {
		if problem := text.RequiredProblem(tag, maxTag); problem != "" {
			d.problems.add("tags", fmt.Sprintf("has a tag that %s", problem))
			break
		}
	}
}

// optional changes a text that may be missing; a blank one counts as missing.
func (d *draft) optional(field string, to **string, change patch.Field[string], problem func(string) string) {
	if !change.Set {
		return
	}
	*to = nil
	if change.Value == nil || strings.TrimSpace(*change.Value) == "" {
		return
	}
	d.problems.add(field, problem(*change.Value))
	*to = change.Value
}
