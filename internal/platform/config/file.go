package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxFileBytes bounds a configuration file.
const maxFileBytes = 1 << 20

// File is a read configuration file: YAML, a mapping from flag names to values.
type File struct {
	values map[string]string
}

// ReadFile reads a configuration file whose keys must be among the known flags. Its errors name the file and, where
// there is one, the line.
func ReadFile(path string, known []string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, err)
	}
	if len(data) > maxFileBytes {
		return nil, fmt.Errorf("configuration file %s is larger than %d bytes", path, maxFileBytes)
	}
	values, err := parse(data, known)
	if err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", path, err)
	}
	return &File{values: values}, nil
}

// Value returns what the file says of a flag, as the text that the flag would take.
func (f *File) Value(flag string) (string, bool) {
	v, ok := f.values[flag]
	return v, ok
}

func parse(data []byte, known []string) (map[string]string, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("not valid YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if document.Kind == 0 {
		return nil, nil // nothing but comments
	}
	top := document.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, errors.New("write one setting a line, such as `listen: 127.0.0.1:9000`")
	}
	values := map[string]string{}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		if err := checkKey(key, values, known); err != nil {
			return nil, err
		}
		text, given, err := flagText(key.Value, value)
		if err != nil {
			return nil, err
		}
		if given {
			values[key.Value] = text
		}
	}
	return values, nil
}

func checkKey(key *yaml.Node, values map[string]string, known []string) error {
	if !slices.Contains(known, key.Value) {
		sorted := slices.Sorted(slices.Values(known))
		return fmt.Errorf("line %d: %q is no setting: use one of %s", key.Line, key.Value, strings.Join(sorted, ", "))
	}
	if _, twice := values[key.Value]; twice {
		return fmt.Errorf("line %d: %q is set twice", key.Line, key.Value)
	}
	return nil
}

// flagText turns a value into what the command line would have: a text, or a comma-joined list. Null is not given.
func flagText(key string, value *yaml.Node) (text string, given bool, err error) {
	switch value.Kind {
	case yaml.ScalarNode:
		return value.Value, value.Tag != "!!null", nil
	case yaml.SequenceNode:
		var items []string
		for _, item := range value.Content {
			if item.Kind != yaml.ScalarNode || strings.Contains(item.Value, ",") {
				return "", false, fmt.Errorf("line %d: %q must be a list of plain values without commas", item.Line, key)
			}
			items = append(items, item.Value)
		}
		return strings.Join(items, ","), true, nil
	}
	return "", false, fmt.Errorf("line %d: %q must be a value or a list, not a mapping", value.Line, key)
}
