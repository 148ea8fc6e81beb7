package environment

import (
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	limits := Limits{Names: 2, Bytes: 10}
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"none":               {nil, ""},
		"as much as may be":  {map[string]string{"A": "12345678", "B": ""}, ""},
		"too many":           {map[string]string{"A": "", "B": "", "C": ""}, "has too many variables (maximum is 2)"},
		"too large":          {map[string]string{"A": "12345", "B": "12345"}, "is too large (maximum is 10 bytes)"},
		"one that is larger": {map[string]string{"A": strings.Repeat("x", 11)}, `has an invalid variable "A"`},
		"no name":            {map[string]string{"": "x"}, `has an invalid variable ""`},
		"a name with =":      {map[string]string{"A=B": "x"}, `has an invalid variable "A=B"`},
		"NUL":                {map[string]string{"A": "\x00"}, `has an invalid variable "A"`},
		"no UTF-8":           {map[string]string{"A": "\xff"}, `has an invalid variable "A"`},
	} {
		if got := limits.Problem(c.env); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
