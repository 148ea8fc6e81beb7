package pipeline

import (
	"strings"

	"github.com/buildkite/go-pipeline/ordered"
)

// holdsVariable reports whether the value that a path leads to from v has a variable in it. A draft's variables have no
// values yet, so that what is wrong with such a value may be right once they have.
func holdsVariable(v any, path []any) bool {
	for _, element := range path {
		switch key := element.(type) {
		case int:
			list, ok := v.([]any)
			if !ok || key >= len(list) {
				return false
			}
			v = list[key]
		case string:
			m, ok := v.(*ordered.MapSA)
			if !ok {
				return false
			}
			v, _ = m.Get(key)
		}
	}
	return mentionsVariable(v)
}

func mentionsVariable(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "$")
	case []any:
		for _, item := range v {
			if mentionsVariable(item) {
				return true
			}
		}
	case *ordered.MapSA:
		for name, item := range v.All {
			if strings.Contains(name, "$") || mentionsVariable(item) {
				return true
			}
		}
	}
	return false
}
