package store

import (
	"encoding/json"
	"fmt"
)

// document renders a value as the text of a column. Documents are text and not jsonb, which would reorder their keys.
func document(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T has no JSON form: %v", v, err)) // only types of ours come here
	}
	return string(text)
}

// parse reads a document column; the empty string leaves v as it is.
func parse(text string, v any) error {
	if text == "" || text == "null" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("read stored %T: %w", v, err)
	}
	return nil
}

// parsePtr is parse for a column that may be NULL.
func parsePtr(text *string, v any) error {
	if text == nil {
		return nil
	}
	return parse(*text, v)
}
