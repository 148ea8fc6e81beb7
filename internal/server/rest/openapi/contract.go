// Package openapi describes the REST API as an OpenAPI 3.1 document, from the contract's rows and objects and from what is
// served of them. It knows nothing of how that is done.
package openapi

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/bridle-ci/bridle/contracts"
)

// Row is a row of contracts/rest/endpoints.json; contracts/rest/README.md, "Format of the data files", explains the fields.
type Row struct {
	ID            string          `json:"id"`
	Group         string          `json:"group"`
	Method        string          `json:"method"`
	Path          string          `json:"path"`
	PathSuffixes  []string        `json:"path_suffixes"`
	Host          string          `json:"host"`
	Status        string          `json:"status"`
	Auth          string          `json:"auth"`
	Scopes        []string        `json:"scopes"`
	ScopesNote    string          `json:"scopes_note"`
	Permission    string          `json:"permission"`
	SuccessStatus int             `json:"success_status"`
	Errors        []RowError      `json:"errors"`
	Query         []Key           `json:"query"`
	Body          []Key           `json:"body"`
	BodyEncoding  string          `json:"body_encoding"`
	ResponseShape string          `json:"response_shape"`
	ResponseKeys  json.RawMessage `json:"response_keys"`
	ResponseExtra []Key           `json:"response_extra"`
	Variants      []Variant       `json:"variants"`
	Paginated     string          `json:"paginated"`
	Notes         string          `json:"notes"`
}

// RowError is an answer of a row to what cannot be done.
type RowError struct {
	Status  int    `json:"status"`
	When    string `json:"when"`
	Message string `json:"message"`
}

// Variant is another form of a row's answer.
type Variant struct {
	When        string `json:"when"`
	Status      int    `json:"status"`
	ContentType string `json:"content_type"`
}

// Key is a key of an object or a body, or a parameter of a query. A query has its keys in Name, and so has a body.
type Key struct {
	Key      string            `json:"key"`
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Nullable bool              `json:"nullable"`
	Required bool              `json:"required"`
	Array    bool              `json:"array"`
	Items    string            `json:"items"`
	Ref      string            `json:"ref"`
	Format   string            `json:"format"`
	Enum     []string          `json:"enum"`
	Default  any               `json:"default"`
	Max      *int              `json:"max"`
	Meaning  string            `json:"meaning"`
	OnlyWhen string            `json:"only_when"`
	OneOf    map[string]string `json:"one_of"`
}

// Shape is what a row answers with: one of an object, an array of objects, a page with cursors, or keys of its own.
type Shape struct {
	Object  string `json:"object"`
	ArrayOf string `json:"array_of"`
	ItemsOf string `json:"items_of"`
	Keys    []Key  `json:"-"`
}

// Shape reads the row's ResponseKeys.
func (r Row) Shape() (Shape, error) {
	var s Shape
	if len(r.ResponseKeys) > 0 && r.ResponseKeys[0] == '[' {
		err := json.Unmarshal(r.ResponseKeys, &s.Keys)
		return s, err
	}
	err := json.Unmarshal(r.ResponseKeys, &s)
	return s, err
}

// Contract is the rows and the objects.
type Contract struct {
	Rows    []Row
	Objects map[string][]Key
}

// Row returns the row with an id.
func (c Contract) Row(id string) (Row, bool) {
	for _, r := range c.Rows {
		if r.ID == id {
			return r, true
		}
	}
	return Row{}, false
}

// ReadContract returns the contract, which travels inside the program.
var ReadContract = sync.OnceValues(func() (Contract, error) {
	var c Contract
	for name, into := range map[string]any{"endpoints.json": &c.Rows, "objects.json": &c.Objects} {
		raw, err := contracts.REST.ReadFile("rest/" + name)
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			return Contract{}, fmt.Errorf("read contracts/rest/%s: %w", name, err)
		}
	}
	return c, nil
})
