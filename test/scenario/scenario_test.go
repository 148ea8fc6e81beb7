package scenario

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestCore(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.build")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".build"), func(t *testing.T) {
			t.Parallel()
			sc, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(sc.Title, "Section") {
				t.Errorf("the comment at the start names no section of the contract: %q", sc.Title)
			}
			if err := Run(sc, &Core{}); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		})
	}
}
