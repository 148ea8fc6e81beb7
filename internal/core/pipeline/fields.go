package pipeline

import (
	"regexp"

	"github.com/buildkite/go-pipeline/ordered"
	"github.com/dlclark/regexp2"
)

// fieldKeyCharacters is the documentation's set (docs/contract/pipelines.md, section 32, row 10).
var fieldKeyCharacters = regexp.MustCompile(`^[a-zA-Z0-9_\-/]+$`)

// fields reads the `fields` of a block or input step.
func (c *compiler) fields(r *reader) []Field {
	list := r.list("fields")
	if len(list) > c.limits.Fields {
		r.fail(refuse("`fields` can have at most %d fields", c.limits.Fields), "fields")
		return nil
	}
	var fields []Field
	for i, item := range list {
		f, err := c.field(item)
		r.fail(err, "fields", i)
		fields = append(fields, f)
	}
	return fields
}

func (c *compiler) field(item any) (Field, error) {
	m, ok := item.(*ordered.MapSA)
	if !ok {
		return Field{}, refuse("Each item of `fields` must be a mapping with `text` or `select`, but it is %s", noun(item))
	}
	r := &reader{values: m}
	f := Field{
		Key:      r.text("key"),
		Hint:     r.text("hint"),
		Required: r.boolean("required", true),
	}
	switch {
	case m.Contains("text") == m.Contains("select"):
		return Field{}, refuse("A field must have either `text` or `select`")
	case m.Contains("text"):
		c.textField(r, &f)
	default:
		c.selectField(r, &f)
	}
	switch {
	case f.Key == "":
		r.fail(refuse("A field must have a `key`"))
	case !fieldKeyCharacters.MatchString(f.Key):
		r.fail(refuse("The `key` of a field may only contain alphanumeric characters, slashes, dashes or underscores"), "key")
	}
	return f, r.err
}

func (c *compiler) textField(r *reader, f *Field) {
	r.only("a `text` field", "text", "key", "hint", "required", "default", "format")
	f.Text = r.text("text")
	if r.value("default") != nil {
		f.Default = []string{r.text("default")}
	}
	f.Format = r.text("format")
	if len(f.Format) > c.limits.FormatLength {
		r.fail(refuse("`format` is too long. The maximum length is %d bytes", c.limits.FormatLength), "format")
	} else if err := checkFormat(f.Format); err != nil {
		r.fail(refuse("`format` is not a regular expression: %s", err), "format")
	}
}

// checkFormat compiles a format by itself, for a message that speaks of it alone, and then as it will be used.
func checkFormat(format string) error {
	if _, err := regexp2.Compile(format, regexp2.None); err != nil {
		return err
	}
	_, err := regexp2.Compile(`\A(?:`+format+`)\z`, regexp2.None)
	return err
}

func (c *compiler) selectField(r *reader, f *Field) {
	r.only("a `select` field", "select", "key", "hint", "required", "default", "multiple", "options")
	f.Select = r.text("select")
	f.Multiple = r.boolean("multiple", false)
	f.Default = r.texts("default")
	if len(f.Default) > 1 && !f.Multiple {
		r.fail(refuse("`default` can only be a list on a field with `multiple: true`"), "default")
	}
	options := r.list("options")
	if len(options) == 0 {
		r.fail(refuse("A `select` field must have `options`"))
	}
	if len(options) > c.limits.FieldOptions {
		r.fail(refuse("A `select` field can have at most %d options", c.limits.FieldOptions), "options")
		return
	}
	for i, item := range options {
		o, err := option(item)
		r.fail(err, "options", i)
		f.Options = append(f.Options, o)
	}
}

func option(item any) (Option, error) {
	m, ok := item.(*ordered.MapSA)
	if !ok {
		return Option{}, refuse("Each of the `options` must be a mapping with `label` and `value`, but it is %s", noun(item))
	}
	r := &reader{values: m}
	r.only("an option of a `select` field", "label", "value", "hint", "required")
	for _, name := range []string{"label", "value"} {
		if r.value(name) == nil {
			r.fail(refuse("Each of the `options` must have a `%s`", name))
		}
	}
	return Option{
		Label:    r.text("label"),
		Value:    r.text("value"),
		Hint:     r.text("hint"),
		Required: r.boolean("required", false),
	}, r.err
}
