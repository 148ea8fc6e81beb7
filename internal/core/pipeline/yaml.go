package pipeline

import "gopkg.in/yaml.v3"

// YAML renders the document as YAML for people to read: whatever it was written in, its keys in their order and without
// aliases.
func (d *Document) YAML() (string, error) {
	text, err := yaml.Marshal(d.top)
	return string(text), err
}
