package markup

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// artifactScheme begins the address of an artifact of the build.
const artifactScheme = "artifact://"

// hiddenScheme begins an artifact's address between sanitizing and resolving: paths are no URLs (they may have spaces and
// percent signs where a host would stand), so they travel encoded.
const hiddenScheme = "artifact:"

// Fragment is sanitized HTML whose artifact:// addresses are not resolved yet.
type Fragment struct {
	html      string
	artifacts int // how many addresses are resolved at most
}

// Size is the fragment's length in bytes.
func (f Fragment) Size() int { return len(f.html) }

// Artifacts are the paths that the fragment refers to, each once, in order, as many as will be resolved.
func (f Fragment) Artifacts() []string {
	var paths []string
	if !strings.Contains(f.html, hiddenScheme) {
		return nil
	}
	rewrite(f.html, func(_ string, a *html.Attribute) bool {
		if path, ok := artifactOf(a); ok && len(paths) < f.artifacts && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
		return true
	})
	return paths
}

// HTML renders the fragment. links has the addresses of artifacts by path; a reference to any other artifact loses its
// address.
func (f Fragment) HTML(links map[string]string) string {
	if !strings.Contains(f.html, hiddenScheme) {
		return f.html
	}
	resolved := 0
	return rewrite(f.html, func(_ string, a *html.Attribute) bool {
		path, ok := artifactOf(a)
		if !ok {
			return !strings.HasPrefix(a.Val, hiddenScheme) || !isAddress(a)
		}
		link, known := links[path]
		if !known || resolved >= f.artifacts {
			return false
		}
		resolved++
		a.Val = link
		return true
	})
}

// hideArtifact encodes the artifact's path of an address, if it is one.
func hideArtifact(a *html.Attribute) {
	rest, ok := strings.CutPrefix(a.Val, artifactScheme)
	if !ok || !isAddress(a) {
		return
	}
	if path, err := url.PathUnescape(rest); err == nil {
		rest = path
	}
	a.Val = hiddenScheme + base64.RawURLEncoding.EncodeToString([]byte(rest))
}

func artifactOf(a *html.Attribute) (path string, ok bool) {
	hidden, ok := strings.CutPrefix(a.Val, hiddenScheme)
	if !ok || !isAddress(a) {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(hidden)
	return string(raw), err == nil
}

func isAddress(a *html.Attribute) bool { return a.Key == "src" || a.Key == "href" }

// rewrite passes every attribute of an HTML text to keep, which may change it, and leaves out those it refuses.
// Everything else stays as it is.
func rewrite(text string, keep func(tag string, a *html.Attribute) bool) string {
	var b strings.Builder
	b.Grow(len(text))
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			token := z.Token()
			if rewriteAttributes(&token, keep) {
				raw = token.String()
			}
			b.WriteString(raw)
		default:
			b.Write(z.Raw())
		}
	}
}

func rewriteAttributes(token *html.Token, keep func(tag string, a *html.Attribute) bool) (changed bool) {
	kept := token.Attr[:0]
	for _, a := range token.Attr {
		before := a.Val
		if !keep(token.Data, &a) {
			changed = true
			continue
		}
		changed = changed || a.Val != before
		kept = append(kept, a)
	}
	token.Attr = kept
	return changed
}
