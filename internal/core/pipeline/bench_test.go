package pipeline

import (
	"fmt"
	"strings"
	"testing"
)

// fiveHundredSteps is a generated pipeline as large as one may be.
func fiveHundredSteps() []byte {
	var b strings.Builder
	b.WriteString("env: { CI_KIND: full }\nagents: { queue: default }\nsteps:\n")
	for i := range 499 {
		fmt.Fprintf(&b, `  - label: "test %d"
    key: test-%d
    command: "bin/test --shard %d"
    if: build.branch == "main"
    env: { SHARD: %d }
    plugins: [{ "docker#v5.0.0": { image: "golang:1.26" } }]
    retry: { automatic: [{ exit_status: -1, limit: 2 }] }
    artifact_paths: ["out/*.xml"]
    depends_on: [build]
`, i, i, i, i)
	}
	b.WriteString("  - { command: make, key: build }\n")
	return []byte(b.String())
}

func BenchmarkParse500(b *testing.B) {
	doc := fiveHundredSteps()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile500(b *testing.B) {
	d, err := Parse(fiveHundredSteps())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Compile(stored()); err != nil {
			b.Fatal(err)
		}
	}
}
