package pipeline

import (
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
)

// checkAnnotationLevels are GitHub's.
var checkAnnotationLevels = []string{"notice", "warning", "failure"}

// settings reads the mapping of a channel that also goes without, by its name alone.
func (r *reader) settings(name string) *reader {
	return &reader{values: copyMap(r.mapping(name))}
}

func gitHubStatus(r *reader, at notifyPlace) *GitHubStatus {
	const name, pending = "github_commit_status", "blocked_builds_as_pending"
	in := r.settings(name)
	if at != notifyBuild && in.values.Contains(pending) {
		in.fail(refuse("`%s` is about whole builds: it can only be used in the `notify` of the pipeline", pending), pending)
	}
	in.only("`"+name+"`", "context", pending)
	status := &GitHubStatus{Context: in.text("context"), BlockedAsPending: in.boolean(pending, false)}
	r.fail(in.err, name)
	return status
}

func (c *compiler) gitHubCheck(r *reader) *GitHubCheck {
	const name = "github_check"
	in := r.settings(name)
	in.only("`"+name+"`", "name", "output")
	check := &GitHubCheck{Name: in.text("name"), Output: c.checkOutput(in)}
	r.fail(in.err, name)
	return check
}

func (c *compiler) checkOutput(r *reader) *CheckOutput {
	m := r.mapping("output")
	if m == nil {
		return nil
	}
	in := &reader{values: m}
	in.only("`output` of `github_check`", "title", "summary", "text", "annotations")
	output := &CheckOutput{Title: in.text("title"), Summary: in.text("summary"), Text: in.text("text")}
	in.fail(c.checkOutputText("title", output.Title), "title")
	in.fail(c.checkOutputText("summary", output.Summary), "summary")
	in.fail(c.checkOutputText("text", output.Text), "text")
	annotations, err := c.checkAnnotations(in.list("annotations"))
	in.fail(err, "annotations")
	output.Annotations = annotations
	r.fail(in.err, "output")
	return output
}

func (c *compiler) checkOutputText(name, text string) error {
	if len(text) > c.limits.CheckTextLength {
		return refuse("`%s` of `github_check` is too long. The maximum length is %d bytes", name, c.limits.CheckTextLength)
	}
	return nil
}

func (c *compiler) checkAnnotations(list []any) ([]CheckAnnotation, error) {
	if len(list) > c.limits.CheckAnnotations {
		return nil, c.tooManyAnnotations()
	}
	var all []CheckAnnotation
	for i, item := range list {
		a, err := checkAnnotation(item)
		if err != nil {
			return nil, within(err, i)
		}
		all = append(all, a)
	}
	return all, nil
}

func (c *compiler) tooManyAnnotations() *Error {
	return refuse("`github_check` can have at most %d annotations", c.limits.CheckAnnotations)
}

func checkAnnotation(item any) (CheckAnnotation, error) {
	m, ok := item.(*ordered.MapSA)
	if !ok {
		return CheckAnnotation{}, refuse("Each of the `annotations` of `github_check` must be a mapping, but it is %s", noun(item))
	}
	r := &reader{values: m}
	r.only("an annotation of `github_check`", "path", "start_line", "end_line", "annotation_level", "message", "start_column", "end_column")
	for _, name := range []string{"path", "start_line", "end_line", "annotation_level", "message"} {
		if r.value(name) == nil {
			r.fail(refuse("An annotation of `github_check` must have a `%s`", name))
		}
	}
	a := CheckAnnotation{
		Path:        r.text("path"),
		StartLine:   r.integer("start_line", 1, 0),
		EndLine:     r.integer("end_line", 1, 0),
		Level:       oneOf(r, "annotation_level", checkAnnotationLevels...),
		Message:     r.text("message"),
		StartColumn: r.integer("start_column", 1, 0),
		EndColumn:   r.integer("end_column", 1, 0),
	}
	switch {
	case strings.TrimSpace(a.Path) == "":
		r.fail(refuse("`path` of an annotation can't be blank"), "path")
	case a.EndLine < a.StartLine:
		r.fail(refuse("`end_line` of an annotation can't be before its `start_line`"), "end_line")
	}
	return a, r.err
}
