package pipeline

import (
	"encoding/json"
	"slices"
	"strings"
)

// checkOutputPath is how a job names what its step's checks show.
const checkOutputPath = "github_check.output."

// UpdateNotify works out what a job's change of its step's notifications makes of them; all stays as it is. path is empty
// for the list, which value then holds as JSON, or names what the checks of the step show, such as
// `github_check.output.title`. appendTo adds to what is there (docs/contract/pipelines.md, section 28). Errors are an
// *Error for the job.
func UpdateNotify(kind Kind, all []Notification, path, value string, appendTo bool) ([]Notification, error) {
	c := newCompiler(Options{Limits: DefaultLimits()})
	updated, err := c.updateNotify(kind, all, path, value, appendTo)
	if err != nil {
		return nil, err
	}
	if text, err := json.Marshal(updated); err != nil || len(text) > c.limits.NotifyBytes {
		return nil, refuse("The step's notifications are too large: the maximum is %d bytes", c.limits.NotifyBytes)
	}
	return updated, nil
}

func (c *compiler) updateNotify(kind Kind, all []Notification, path, value string, appendTo bool) ([]Notification, error) {
	if path == "" {
		return c.updateList(kind, all, value, appendTo)
	}
	updated, found := slices.Clone(all), false
	for i := range updated {
		if updated[i].GitHubCheck == nil {
			continue
		}
		found = true
		check := *updated[i].GitHubCheck
		output := CheckOutput{}
		if check.Output != nil {
			output = *check.Output
		}
		if err := c.updateOutput(&output, path, value, appendTo); err != nil {
			return nil, err
		}
		check.Output = &output
		updated[i].GitHubCheck = &check
	}
	if !found {
		return nil, refuse("The step has no `github_check` among its notifications, so `notify.%s` can't be changed", clip(path))
	}
	return updated, nil
}

func (c *compiler) updateList(kind Kind, all []Notification, value string, appendTo bool) ([]Notification, error) {
	list, err := readJSONList("notify", value, c.limits)
	if err != nil {
		return nil, err
	}
	at := notifyStep
	if kind == KindGroup {
		at = notifyGroup
	}
	var updated []Notification
	if appendTo {
		updated = slices.Clone(all)
	}
	for i, item := range list {
		n, err := c.notification(item, at)
		if err != nil {
			return nil, within(err, "notify", i)
		}
		updated = append(updated, n)
	}
	if len(updated) > c.limits.Notifications {
		return nil, c.tooManyNotifications()
	}
	return updated, nil
}

// updateOutput changes one part of what a check shows.
func (c *compiler) updateOutput(o *CheckOutput, path, value string, appendTo bool) error {
	name, _ := strings.CutPrefix(path, checkOutputPath)
	switch path {
	case checkOutputPath + "annotations":
		return c.updateAnnotations(o, value, appendTo)
	case checkOutputPath + "title":
		return c.updateText(&o.Title, name, value, appendTo)
	case checkOutputPath + "summary":
		return c.updateText(&o.Summary, name, value, appendTo)
	case checkOutputPath + "text":
		return c.updateText(&o.Text, name, value, appendTo)
	}
	return refuse("`notify.%s` can't be changed: use `notify`, or `notify.github_check.output.` with title, summary, text or annotations", clip(path))
}

func (c *compiler) updateText(text *string, name, value string, appendTo bool) error {
	if appendTo {
		value = *text + value
	}
	value = strings.ToValidUTF8(value, "\uFFFD")
	*text = value
	return c.checkOutputText(name, value)
}

func (c *compiler) updateAnnotations(o *CheckOutput, value string, appendTo bool) error {
	list, err := readJSONList("annotations", value, c.limits)
	if err != nil {
		return err
	}
	added, err := c.checkAnnotations(list)
	if err != nil {
		return err
	}
	if appendTo {
		added = slices.Concat(o.Annotations, added)
	}
	o.Annotations = added
	if len(added) > c.limits.CheckAnnotations {
		return c.tooManyAnnotations()
	}
	return nil
}

// readJSONList reads the list that a job sends as the value of a name.
func readJSONList(name, text string, limits Limits) ([]any, error) {
	if len(text) > limits.DocumentBytes || !json.Valid([]byte(text)) {
		return nil, refuse("`%s` must be a list in JSON", name)
	}
	value, err := decodeJSON([]byte(text), limits)
	if err != nil {
		return nil, err
	}
	list, ok := value.([]any)
	if !ok {
		return nil, refuse("`%s` must be a list in JSON, but it is %s", name, noun(value))
	}
	return list, nil
}
