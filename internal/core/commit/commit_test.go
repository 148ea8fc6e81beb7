package commit_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/commit"
)

const id = "0123456789abcdef0123456789abcdef01234567"

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		text string
		want commit.Commit
		ok   bool
	}{
		{
			"whole", "commit " + id + "\nabbrev-commit 0123456\nAuthor: Ann Otter <ann@example.org>\n\n    Say it\n\n    And why\n    at length",
			commit.Commit{ID: id, AuthorName: "Ann Otter", AuthorEmail: "ann@example.org", Message: "Say it\n\nAnd why\nat length"},
			true,
		},
		{"carriage returns", "commit " + id + "\r\nAuthor: A <a@b>\r\n\r\n    S", commit.Commit{ID: id, AuthorName: "A", AuthorEmail: "a@b", Message: "S"}, true},
		{"no author", "commit " + id + "\n\n    S", commit.Commit{ID: id, Message: "S"}, true},
		{"no message", "commit " + id + "\nAuthor: A <a@b>", commit.Commit{ID: id, AuthorName: "A", AuthorEmail: "a@b"}, true},
		{"sha256", "commit " + id + "012345678901234567890123", commit.Commit{ID: id + "012345678901234567890123"}, true},
		{"short id", "commit 0123456\n\n    S", commit.Commit{ID: "0123456", Message: "S"}, false},
		{"empty", "", commit.Commit{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok := commit.Parse(c.text)
			if got != c.want || ok != c.ok {
				t.Errorf("Parse = %+v, %v; want %+v, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("commit " + id + "\nAuthor: A <a@b>\n\n    S")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := commit.Parse(text)
		if ok && !strings.Contains(text, c.ID) {
			t.Errorf("made up the id %q", c.ID)
		}
	})
}
