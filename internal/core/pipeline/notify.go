package pipeline

// Notification is one entry of a `notify`: exactly one of its channels is set. Its JSON is the form that documents have
// it in (docs/contract/pipelines.md, section 28).
type Notification struct {
	// Basecamp is the URL of a chatbot.
	Basecamp string `json:"basecamp_campfire,omitempty"`
	// Email is one address.
	Email        string        `json:"email,omitempty"`
	GitHubStatus *GitHubStatus `json:"github_commit_status,omitempty"`
	GitHubCheck  *GitHubCheck  `json:"github_check,omitempty"`
	// PagerDuty is an integration key.
	PagerDuty string `json:"pagerduty_change_event,omitempty"`
	Slack     *Slack `json:"slack,omitempty"`
	// Webhook is a URL.
	Webhook string `json:"webhook,omitempty"`
	// If is the condition as written, to be asked at each event; it has been parsed. Empty is true.
	If string `json:"if,omitempty"`
}

// GitHubStatus is a status of the build's commit.
type GitHubStatus struct {
	// Context tells the status from others; empty means the contract's default.
	Context string `json:"context,omitempty"`
	// BlockedAsPending reports a blocked build as pending and not as a success.
	BlockedAsPending bool `json:"blocked_builds_as_pending,omitempty"`
}

// GitHubCheck is a check run of the build's commit.
type GitHubCheck struct {
	// Name is empty for the contract's default.
	Name   string       `json:"name,omitempty"`
	Output *CheckOutput `json:"output,omitempty"`
}

// CheckOutput is what a check run shows.
type CheckOutput struct {
	Title       string            `json:"title,omitempty"`
	Summary     string            `json:"summary,omitempty"`
	Text        string            `json:"text,omitempty"`
	Annotations []CheckAnnotation `json:"annotations,omitempty"`
}

// CheckAnnotation is a remark of a check run on lines of a file.
type CheckAnnotation struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line"`
	// Level is notice, warning or failure.
	Level   string `json:"annotation_level"`
	Message string `json:"message"`
	// Columns are 0 when they are not told.
	StartColumn int `json:"start_column,omitempty"`
	EndColumn   int `json:"end_column,omitempty"`
}

// Slack is a message to people or channels.
type Slack struct {
	// Channels are names (`#general`, `workspace#general`, `@somebody`) or ids of Slack.
	Channels []string `json:"channels"`
	// Message is empty for the usual one.
	Message string `json:"message,omitempty"`
}
