package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// formatTimeout bounds the match of one value: formats are people's and the engine backtracks.
const formatTimeout = time.Second

// maxFieldBytes is how long a field's value may be: it becomes meta-data (docs/contract/pipelines.md, section 19).
const maxFieldBytes = 100 << 10

// FieldValues works out what a person's answers to a block or input step write into the build's meta-data: a value for
// every field, the default where none is given, several choices joined by newlines. An answer that the field does not
// take is an error for the person (docs/contract/pipelines.md, section 18).
func FieldValues(fields []Field, given map[string][]string) (map[string]string, error) {
	values := make(map[string]string, len(fields))
	for _, f := range fields {
		answers, answered := given[f.Key]
		if !answered {
			answers = f.Default
		}
		value, err := f.value(answers)
		if err != nil {
			return nil, err
		}
		values[f.Key] = value
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if _, known := values[key]; !known {
			return nil, fmt.Errorf("`%s` is not a field of this step", key)
		}
	}
	return values, nil
}

func (f Field) value(answers []string) (string, error) {
	value := strings.ReplaceAll(strings.Join(answers, "\n"), "\r\n", "\n")
	switch {
	case len(value) > maxFieldBytes:
		return "", fmt.Errorf("`%s` is too long: the maximum is %d bytes", f.Key, maxFieldBytes)
	case strings.Contains(value, "\x00"):
		return "", fmt.Errorf("`%s` may not contain a NUL character", f.Key)
	case value == "" && f.Required:
		return "", fmt.Errorf("`%s` is required", f.Key)
	case value == "":
		return "", nil
	case f.Select != "" || len(f.Options) > 0:
		return value, f.checkChoices(value)
	case f.Format != "":
		return value, f.checkFormat(value)
	}
	return value, nil
}

func (f Field) checkChoices(value string) error {
	choices := strings.Split(value, "\n")
	if len(choices) > 1 && !f.Multiple {
		return fmt.Errorf("`%s` takes a single choice", f.Key)
	}
	for _, choice := range choices {
		if !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == choice }) {
			return fmt.Errorf("`%s` has no option %q", f.Key, choice)
		}
	}
	return nil
}

// checkFormat matches the whole value; the definition of the field was compiled before, so that only time can fail.
func (f Field) checkFormat(value string) error {
	re, err := regexp2.Compile(`\A(?:`+f.Format+`)\z`, regexp2.None)
	if err != nil {
		return fmt.Errorf("`%s` has an invalid format: %w", f.Key, err)
	}
	re.MatchTimeout = formatTimeout
	if matched, err := re.MatchString(value); err != nil || !matched {
		return fmt.Errorf("`%s` does not have the format %s", f.Key, f.Format)
	}
	return nil
}
