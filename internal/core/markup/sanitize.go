package markup

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// annotationPolicy is the allow-list of docs/contract/pipelines.md, section 24, and besides it the few elements that
// plain Markdown itself renders to (rules, quotes, line breaks, deletions).
var annotationPolicy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("span", "div", "p", "a", "img", "pre", "code", "em", "strong", "summary", "h1", "h2", "h3", "h4", "h5",
		"h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "th", "td",
		"hr", "blockquote", "br", "del")
	p.AllowAttrs("open").Matching(regexp.MustCompile(`^(|open)$`)).OnElements("details")
	p.AllowElements("details")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("align").Matching(bluemonday.CellAlign).OnElements("th", "td")
	p.AllowAttrs("class").Matching(bluemonday.SpaceSeparatedTokens).Globally()
	p.AllowElements("time")
	p.AllowAttrs("datetime").Matching(bluemonday.ISO8601).OnElements("time")
	allowAddresses(p)
	return p
}()

// logPolicy is what a rendered log consists of (docs/contract/pipelines.md, section 31.2).
var logPolicy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("span", "a", "img", "time")
	p.AllowAttrs("class").Matching(bluemonday.SpaceSeparatedTokens).OnElements("span")
	p.AllowAttrs("datetime").Matching(bluemonday.ISO8601).OnElements("time")
	p.AllowDataURIImages()
	allowAddresses(p)
	return p
}()

func allowAddresses(p *bluemonday.Policy) {
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(regexp.MustCompile(`^[0-9]{1,5}(px|em|%)?$`)).OnElements("img")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(true)
	p.AllowURLSchemes("http", "https", "mailto", "itms-services", "artifact")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
}

// sanitize leaves of an HTML text what a policy allows. Class names are reduced to the allowed ones first, and the
// addresses of artifacts made to survive the policy's look at URLs.
func sanitize(p *bluemonday.Policy, text string, artifacts int) Fragment {
	prepared := rewrite(text, func(_ string, a *html.Attribute) bool {
		if a.Key == "class" {
			a.Val = allowClasses(a.Val)
			return a.Val != ""
		}
		hideArtifact(a)
		return true
	})
	return Fragment{html: p.Sanitize(prepared), artifacts: artifacts}
}

// balance closes what is open and drops what closes nothing, so that a fragment cannot end the element it is shown in.
// It fails on elements nested absurdly deep.
func balance(text string) (string, error) {
	nodes, err := html.ParseFragment(strings.NewReader(text), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return "", fmt.Errorf("parse sanitized HTML: %w", err)
	}
	var b strings.Builder
	for _, node := range nodes {
		if err := html.Render(&b, node); err != nil {
			return "", fmt.Errorf("render sanitized HTML: %w", err)
		}
	}
	return b.String(), nil
}
