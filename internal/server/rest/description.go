package rest

import (
	"strings"
	"sync"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/server/rest/openapi"
	"github.com/bridle-ci/bridle/internal/server/wire"
)

const (
	// analyticsPath is where the test engine's part of the API is.
	analyticsPath = "/v2/analytics"
	// apiVersion is the only version there is (contracts/rest/README.md, Hosts and version).
	apiVersion = "2"
	// documentation is for people.
	documentation = "https://github.com/bridle-ci/bridle/blob/main/contracts/rest/README.md"
)

// descriptions are the API in OpenAPI's words: the whole, and the part that the contract describes by itself.
type descriptions struct {
	whole, analytics func() ([]byte, error)
}

func describe(base string) descriptions {
	document := func(title string, part func(route) bool) func() ([]byte, error) {
		return sync.OnceValues(func() ([]byte, error) {
			var served []openapi.Served
			for _, r := range routes {
				if part(r) {
					served = append(served, r.described())
				}
			}
			return openapi.Document(openapi.About{
				Title: title, Version: apiVersion, BaseURL: base,
				Description: "What this server serves of the API. Rules that hold for every call: " + documentation,
			}, served)
		})
	}
	return descriptions{
		whole:     document("Bridle REST API", func(route) bool { return true }),
		analytics: document("Bridle Test Engine API", func(r route) bool { return strings.HasPrefix(r.path, analyticsPath) }),
	}
}

// described is what the description says of a route beside its row.
func (r route) described() openapi.Served {
	out := openapi.Served{ID: r.id, Public: r.public}
	for _, action := range r.actions {
		for _, scope := range access.ScopesOf(action) {
			out.Scopes = append(out.Scopes, string(scope))
		}
		out.Instead = string(access.ScopeInstead(action))
	}
	return out
}

func (a *API) getDescription(c *call) error {
	return c.description(openapi.JSONType, a.described.whole)
}

func (a *API) getDescriptionYAML(c *call) error {
	return c.description(openapi.YAMLType, a.described.whole)
}

func (a *API) getAnalyticsDescription(c *call) error {
	return c.description(openapi.YAMLType, a.described.analytics)
}

func (c *call) description(mediaType string, document func() ([]byte, error)) error {
	body, err := document()
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", mediaType)
	_, _ = c.w.Write(body) // a client that went away is nobody's error
	return nil
}

// catalogEntry is an API with its descriptions, as RFC 9727 lists them.
type catalogEntry struct {
	Anchor      string        `json:"anchor"`
	ServiceDesc []catalogLink `json:"service-desc"`
	ServiceDoc  []catalogLink `json:"service-doc"`
}

type catalogLink struct {
	Href string `json:"href"`
	Type string `json:"type"`
}

// getCatalog lists the test engine's API, as the contract has it, and then the whole, in RFC 9727's own media type.
func (a *API) getCatalog(c *call) error {
	entry := func(path, description string) catalogEntry {
		return catalogEntry{
			Anchor:      a.urls.base + path,
			ServiceDesc: []catalogLink{{Href: a.urls.base + description, Type: openapi.YAMLType}},
			ServiceDoc:  []catalogLink{{Href: documentation, Type: "text/html"}},
		}
	}
	body, err := wire.EncodeJSON(struct {
		Linkset []catalogEntry `json:"linkset"`
	}{[]catalogEntry{entry(analyticsPath, analyticsPath+"/openapi.yaml"), entry("/v2", "/openapi.yaml")}})
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", openapi.LinksetType)
	_, _ = c.w.Write(body) // a client that went away is nobody's error
	return nil
}
