package wire

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Page sizes of the contract (contracts/rest/README.md, Pagination).
const (
	DefaultPerPage = 30
	MaxPerPage     = 100
	// maxPage keeps the product of page and size far from overflow; no list is that long.
	maxPage = 1_000_000
)

// Page is a page-numbered part of a list, as asked for.
type Page struct {
	Number  int
	PerPage int
}

// ParsePage reads `page` and `per_page`. What is no number, or less than 1, is the default; more than the maximum is
// the maximum.
func ParsePage(query url.Values) Page {
	return Page{
		Number:  min(positive(query.Get("page"), 1), maxPage),
		PerPage: min(positive(query.Get("per_page"), DefaultPerPage), MaxPerPage),
	}
}

// Offset is how many rows stand before the page.
func (p Page) Offset() int { return (p.Number - 1) * p.PerPage }

func positive(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// SetPageLinks sets the Link header of a list of total rows: `next` and `last` while there is more, `first` and `prev`
// after the first page, and no header for a single page. Everything stands on one line, and the URLs keep every query
// parameter encoded: clients split the header at `,` and `;`.
func SetPageLinks(h http.Header, address string, query url.Values, p Page, total int) {
	last := max((total+p.PerPage-1)/p.PerPage, 1)
	var links []string
	add := func(page int, rel string) {
		q := url.Values{}
		for name, values := range query {
			q[name] = values
		}
		q.Set("page", strconv.Itoa(page))
		links = append(links, "<"+address+"?"+q.Encode()+`>; rel="`+rel+`"`)
	}
	if p.Number < last {
		add(p.Number+1, "next")
		add(last, "last")
	}
	if p.Number > 1 {
		add(1, "first")
		add(min(p.Number-1, last), "prev")
	}
	if len(links) > 0 {
		h.Set("Link", strings.Join(links, ", "))
	}
}

// SetLinks sets the Link header of a list with cursors; empty addresses are pages that do not exist.
func SetLinks(h http.Header, next, prev string) {
	var links []string
	if next != "" {
		links = append(links, "<"+next+`>; rel="next"`)
	}
	if prev != "" {
		links = append(links, "<"+prev+`>; rel="prev"`)
	}
	if len(links) > 0 {
		h.Set("Link", strings.Join(links, ", "))
	}
}
