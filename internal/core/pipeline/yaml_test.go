package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDocumentAsYAML(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ doc, want string }{
		"json": {
			`{"steps":["wait",{"label":"😀 \/","command":"a\nb","env":{"Z":"1","A":"true"},"retry":{"automatic":[{"exit_status":-1}]}}],"env":{"X":"y"}}`,
			"steps:\n    - wait\n    - label: \"\\U0001F600 /\"\n      command: |-\n        a\n        b\n      env:\n        Z: \"1\"\n        A: \"true\"\n      retry:\n        automatic:\n            - exit_status: -1\nenv:\n    X: \"y\"\n",
		},
		"nul":   {`{"steps":[{"command":"a\u0000b"}]}`, "steps:\n    - command: \"a\\0b\"\n"},
		"list":  {`["wait"]`, "steps:\n    - wait\n"},
		"yaml":  {"common: &c {a: [1, 2.5]}\nsteps: [{command: x, env: {<<: *c}}]", "common:\n    a:\n        - 1\n        - 2.5\nsteps:\n    - command: x\n      env:\n        a:\n            - 1\n            - 2.5\n"},
		"empty": {`{"steps":[]}`, "steps: []\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse([]byte(tt.doc))
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.YAML()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			again, err := Parse([]byte(got))
			if err != nil {
				t.Fatal(err)
			}
			if second, err := again.YAML(); err != nil || second != got {
				t.Errorf("read again it is %q, %v", second, err)
			}
		})
	}
}
