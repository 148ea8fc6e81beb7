package pipeline

import (
	"net/mail"
	"net/url"
	"strings"

	"github.com/buildkite/go-pipeline/ordered"

	"github.com/bridle-ci/bridle/internal/core/conditional"
)

// channel is a way to notify.
type channel struct {
	name string
	// ofSteps says that steps may notify this way, and not only builds.
	ofSteps bool
	read    func(c *compiler, r *reader, n *Notification, at notifyPlace)
}

// notifyPlace is what a `notify` belongs to.
type notifyPlace int

const (
	notifyBuild notifyPlace = iota
	notifyGroup
	notifyStep
)

// scope is what the conditions of the place may read: a group's are those of a step.
func (at notifyPlace) scope() conditional.Scope {
	if at == notifyBuild {
		return conditional.ScopeBuildNotify
	}
	return conditional.ScopeStepNotify
}

// allows reports whether the place may use a channel. A group may use those of builds as well: the official schema
// accepts them.
func (at notifyPlace) allows(ch *channel) bool { return ch.ofSteps || at != notifyStep }

var channels = []channel{
	{name: "basecamp_campfire", ofSteps: true, read: func(c *compiler, r *reader, n *Notification, _ notifyPlace) {
		n.Basecamp = c.address(r, "basecamp_campfire")
	}},
	{name: "email", read: func(c *compiler, r *reader, n *Notification, _ notifyPlace) {
		n.Email = c.email(r)
	}},
	{name: "github_check", ofSteps: true, read: func(c *compiler, r *reader, n *Notification, _ notifyPlace) {
		n.GitHubCheck = c.gitHubCheck(r)
	}},
	{name: "github_commit_status", ofSteps: true, read: func(_ *compiler, r *reader, n *Notification, at notifyPlace) {
		n.GitHubStatus = gitHubStatus(r, at)
	}},
	{name: "pagerduty_change_event", read: func(c *compiler, r *reader, n *Notification, _ notifyPlace) {
		n.PagerDuty = c.target(r, "pagerduty_change_event")
	}},
	{name: "slack", ofSteps: true, read: func(c *compiler, r *reader, n *Notification, _ notifyPlace) {
		n.Slack = c.slack(r)
	}},
	{name: "webhook", read: func(c *compiler, r *reader, n *Notification, _ notifyPlace) {
		n.Webhook = c.address(r, "webhook")
	}},
}

// notifications reads `notify`, nil when there is none.
func (c *compiler) notifications(r *reader, at notifyPlace) []Notification {
	list := r.list("notify")
	if len(list) > c.limits.Notifications {
		r.fail(c.tooManyNotifications(), "notify")
		return nil
	}
	var all []Notification
	for i, item := range list {
		n, err := c.notification(item, at)
		r.fail(err, "notify", i)
		all = append(all, n)
	}
	return all
}

func (c *compiler) tooManyNotifications() *Error {
	return refuse("`notify` can have at most %d notifications", c.limits.Notifications)
}

// notification reads one entry: the name of a channel, or a mapping with it.
func (c *compiler) notification(item any, at notifyPlace) (Notification, error) {
	r := &reader{}
	switch item := item.(type) {
	case string:
		r.values = ordered.MapFromItems(ordered.TupleSA{Key: item})
	case *ordered.MapSA:
		r.values = item
	default:
		return Notification{}, refuse("Each item of `notify` must be a mapping of a channel to its settings, or the name of a channel, but it is %s", noun(item))
	}
	ch, err := channelOf(r.values, at)
	if err != nil {
		return Notification{}, err
	}
	n := Notification{If: r.text("if")}
	r.fail(c.checkCondition(n.If, at.scope()), "if")
	ch.read(c, r, &n, at)
	return n, r.err
}

// channelOf finds the one channel of an entry.
func channelOf(entry *ordered.MapSA, at notifyPlace) (*channel, error) {
	var found *channel
	for name := range entry.All {
		if name == "if" {
			continue
		}
		ch := channelNamed(name)
		switch {
		case ch == nil:
			return nil, within(invalidProperty(name, "a notification", append(channelNames(notifyBuild), "if")), name)
		case !at.allows(ch):
			return nil, within(refuse("`%s` notifies of whole builds: put it into the `notify` of the pipeline; a step can have %s", name, strings.Join(channelNames(at), ", ")), name)
		case found != nil:
			return nil, within(refuse("A notification can have only one channel: write `%s` and `%s` as two items of `notify`", found.name, name), name)
		}
		found = ch
	}
	if found == nil {
		return nil, refuse("A notification must have a channel: one of %s", strings.Join(channelNames(at), ", "))
	}
	return found, nil
}

func channelNamed(name string) *channel {
	for i := range channels {
		if channels[i].name == name {
			return &channels[i]
		}
	}
	return nil
}

func channelNames(at notifyPlace) []string {
	var names []string
	for i := range channels {
		if at.allows(&channels[i]) {
			names = append(names, channels[i].name)
		}
	}
	return names
}

// target reads whom a channel speaks to.
func (c *compiler) target(r *reader, name string) string {
	text := r.text(name)
	r.fail(c.checkTarget(text, name), name)
	return text
}

func (c *compiler) checkTarget(text, name string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return refuse("`%s` must say whom to notify", name)
	case len(text) > c.limits.NotifyTargetLength:
		return refuse("`%s` is too long. The maximum length is %d bytes", name, c.limits.NotifyTargetLength)
	case strings.ContainsAny(text, "\x00\r\n"):
		return refuse("`%s` must be a single line", name)
	}
	return nil
}

// address reads the URL of a channel.
func (c *compiler) address(r *reader, name string) string {
	text := c.target(r, name)
	if u, err := url.Parse(text); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		r.fail(refuse("`%s` must be a URL that starts with https:// or http://, but it is %s", name, noun(text)), name)
	}
	return text
}

func (c *compiler) email(r *reader) string {
	text := c.target(r, "email")
	if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
		r.fail(refuse("`email` must be a single address, but it is %s; write several as several items of `notify`", noun(text)), "email")
	}
	return text
}

// slack reads a single channel, or a mapping of channels and a message.
func (c *compiler) slack(r *reader) *Slack {
	m, ok := r.value("slack").(*ordered.MapSA)
	if !ok {
		return &Slack{Channels: []string{c.target(r, "slack")}}
	}
	in := &reader{values: m}
	in.only("`slack`", "channels", "message")
	s := &Slack{Channels: in.texts("channels"), Message: in.text("message")}
	if len(s.Channels) == 0 {
		in.fail(refuse("`slack` must have `channels` to write to"))
	}
	if len(s.Channels) > c.limits.SlackChannels {
		in.fail(refuse("`channels` can be at most %d", c.limits.SlackChannels), "channels")
	}
	for _, name := range s.Channels {
		in.fail(c.checkTarget(name, "channels"), "channels")
	}
	r.fail(in.err, "slack")
	return s
}
