package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks finds links between the pages of the repository that lead nowhere.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return enter(path, entry.Name())
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		pages++
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, target := range linksIn(string(content)) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), filepath.FromSlash(target))); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", path, target)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if pages < 10 {
		t.Errorf("looked at %d pages: there are more", pages)
	}
}

// linksIn returns the files that a page links to, without the places in them.
func linksIn(page string) []string {
	var targets []string
	for _, match := range link.FindAllStringSubmatch(withoutCode(page), -1) {
		target, _, _ := strings.Cut(match[1], "#")
		if target != "" && !strings.Contains(target, ":") {
			targets = append(targets, target)
		}
	}
	return targets
}

// codeBlock is what is set as code, where brackets mean something else.
var codeBlock = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")

func withoutCode(page string) string { return codeBlock.ReplaceAllString(page, "") }
