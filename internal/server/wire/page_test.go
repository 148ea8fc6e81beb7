package wire

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParsePage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		query string
		want  Page
	}{
		"absent":            {"", Page{1, 30}},
		"given":             {"page=3&per_page=50", Page{3, 50}},
		"too many":          {"per_page=101", Page{1, 100}},
		"no numbers":        {"page=x&per_page=y", Page{1, 30}},
		"zero":              {"page=0&per_page=0", Page{1, 30}},
		"negative":          {"page=-1&per_page=-5", Page{1, 30}},
		"beyond an integer": {"page=99999999999999999999", Page{1, 30}},
		"very deep":         {"page=9999999999", Page{1_000_000, 30}},
		"fraction":          {"page=1.5", Page{1, 30}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			if got := ParsePage(query); got != tt.want {
				t.Errorf("ParsePage(%q) = %v, want %v", tt.query, got, tt.want)
			}
		})
	}
}

func TestSetPageLinks(t *testing.T) {
	t.Parallel()
	const address = "https://ci.example.com/v2/organizations/acme/builds"
	link := func(query, rel string) string { return "<" + address + "?" + query + `>; rel="` + rel + `"` }
	tests := map[string]struct {
		query string
		total int
		want  string
	}{
		"single page": {"", 30, ""},
		"empty list":  {"", 0, ""},
		"first page":  {"", 31, link("page=2", "next") + ", " + link("page=2", "last")},
		"first page of a size": {
			"per_page=10", 95, link("page=2&per_page=10", "next") + ", " + link("page=10&per_page=10", "last"),
		},
		"middle page": {
			"page=2&per_page=10", 25,
			link("page=3&per_page=10", "next") + ", " + link("page=3&per_page=10", "last") + ", " +
				link("page=1&per_page=10", "first") + ", " + link("page=1&per_page=10", "prev"),
		},
		"last page": {
			"page=3&per_page=10", 25, link("page=1&per_page=10", "first") + ", " + link("page=2&per_page=10", "prev"),
		},
		"beyond the last page": {
			"page=9&per_page=10", 25, link("page=1&per_page=10", "first") + ", " + link("page=3&per_page=10", "prev"),
		},
		"separators stay encoded": {
			"branch=a%2Cb%3Bc&state[]=passed&state[]=failed", 31,
			link("branch=a%2Cb%3Bc&page=2&state%5B%5D=passed&state%5B%5D=failed", "next") + ", " +
				link("branch=a%2Cb%3Bc&page=2&state%5B%5D=passed&state%5B%5D=failed", "last"),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			h := http.Header{}
			SetPageLinks(h, address, query, ParsePage(query), tt.total)
			if got := h.Get("Link"); got != tt.want {
				t.Errorf("Link:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// pageLinks reads a Link header the way go-buildkite does: by `,`, then by `;`, then the page of the address.
func pageLinks(t interface{ Fatalf(string, ...any) }, header string) map[string]int {
	pages := map[string]int{}
	if header == "" {
		return pages
	}
	for link := range strings.SplitSeq(header, ",") {
		parts := strings.Split(strings.TrimSpace(link), ";")
		if len(parts) != 2 || !strings.HasPrefix(parts[0], "<") || !strings.HasSuffix(parts[0], ">") {
			t.Fatalf("not a link: %q", link)
		}
		u, err := url.Parse(parts[0][1 : len(parts[0])-1])
		if err != nil {
			t.Fatalf("not an address: %v", err)
		}
		page, err := strconv.Atoi(u.Query().Get("page"))
		if err != nil {
			t.Fatalf("no page: %v", err)
		}
		pages[strings.TrimSpace(parts[1])] = page
	}
	return pages
}

// TestFollowingLinksVisitsEveryPage walks a list by its `next` links.
func TestFollowingLinksVisitsEveryPage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(0, 500).Draw(t, "total")
		query := url.Values{
			"per_page": {strconv.Itoa(rapid.IntRange(1, 120).Draw(t, "per_page"))},
			"branch":   {rapid.String().Draw(t, "branch")},
		}
		seen := 0
		for page := 1; ; {
			query.Set("page", strconv.Itoa(page))
			p, h := ParsePage(query), http.Header{}
			SetPageLinks(h, "http://ci.example.com/v2/x", query, p, total)
			seen += max(min(p.PerPage, total-p.Offset()), 0)
			links := pageLinks(t, h.Get("Link"))
			next, more := links[`rel="next"`]
			if !more {
				break
			}
			if next != page+1 {
				t.Fatalf("next of page %d is %d", page, next)
			}
			page = next
		}
		if seen != total {
			t.Fatalf("visited %d of %d rows", seen, total)
		}
	})
}

func FuzzParsePage(f *testing.F) {
	for _, seed := range []string{"", "page=2", "per_page=500&page=-1", "page=%00", "page=1&page=2", "%zz", "page=0x10"} {
		f.Add(seed, 100)
	}
	f.Fuzz(func(t *testing.T, raw string, total int) {
		query, _ := url.ParseQuery(raw)
		p := ParsePage(query)
		if p.Number < 1 || p.PerPage < 1 || p.PerPage > MaxPerPage || p.Offset() < 0 {
			t.Fatalf("ParsePage(%q) = %+v", raw, p)
		}
		h := http.Header{}
		SetPageLinks(h, "http://ci.example.com/v2/x", query, p, min(max(total, 0), 10_001))
		pageLinks(t, h.Get("Link"))
	})
}
