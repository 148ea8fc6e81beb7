package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Version is the version of OpenAPI that documents are in.
const Version = "3.1.0"

// The media types of documents. Those in YAML are written in its subset that JSON is.
const (
	JSONType = "application/openapi+json"
	YAMLType = "application/openapi+yaml"
	// LinksetType is that of the catalog of documents.
	LinksetType = "application/linkset+json"
)

// Served is a row that is served.
type Served struct {
	ID string
	// Public rows take no token.
	Public bool
	// Scopes are all needed; Instead is one that does as well as all of them, empty for none.
	Scopes  []string
	Instead string
}

// About is what a document says of itself.
type About struct {
	Title       string
	Description string
	Version     string
	// BaseURL is the address that paths are below.
	BaseURL string
}

// Document describes the rows that are served. Every one must be a row of the contract.
func Document(about About, served []Served) ([]byte, error) {
	contract, err := ReadContract()
	if err != nil {
		return nil, err
	}
	d := document{schemas: schemas{objects: contract.Objects, used: map[string]bool{}}, paths: map[string]map[string]any{}}
	rows := make([]Row, len(served))
	for i, s := range served {
		row, known := contract.Row(s.ID)
		if !known {
			return nil, fmt.Errorf("describe %s: no such row in the contract", s.ID)
		}
		rows[i] = row
		d.drop(row)
	}
	for i, s := range served {
		if err := d.add(rows[i], s); err != nil {
			return nil, fmt.Errorf("describe %s: %w", s.ID, err)
		}
	}
	return json.Marshal(map[string]any{
		"openapi":  Version,
		"info":     map[string]any{"title": about.Title, "description": about.Description, "version": about.Version},
		"servers":  []any{map[string]any{"url": about.BaseURL}},
		"paths":    d.paths,
		"security": []any{map[string]any{tokenScheme: []string{}}},
		"components": map[string]any{
			"schemas": d.components(),
			"securitySchemes": map[string]any{tokenScheme: map[string]any{
				"type": "http", "scheme": "bearer", "description": "An API access token, or a JWT of a public-key token.",
			}},
		},
	})
}

// tokenScheme is the name of the one way to authenticate.
const tokenScheme = "token"

type document struct {
	schemas
	paths map[string]map[string]any
}

// drop remembers the keys that a row's parameters can leave out.
func (d *document) drop(row Row) {
	for _, q := range row.Query {
		if key, ok := strings.CutPrefix(q.Name, "exclude_"); ok {
			d.droppable = append(d.droppable, key)
		}
	}
}

// components are the schemas of the objects that are referred to, directly or by one another.
func (d *document) components() map[string]any {
	out := map[string]any{}
	for len(out) < len(d.used) {
		for _, name := range sortedKeys(d.used) {
			if _, done := out[name]; !done {
				out[name] = d.object(name)
			}
		}
	}
	return out
}

// add describes a row, at each of its paths.
func (d *document) add(row Row, served Served) error {
	for _, suffix := range append([]string{""}, row.PathSuffixes...) {
		op, err := d.operation(row, served)
		if err != nil {
			return err
		}
		if suffix != "" {
			op["operationId"] = row.ID + suffix
		}
		path := row.Path + suffix
		if d.paths[path] == nil {
			d.paths[path] = map[string]any{}
		}
		d.paths[path][strings.ToLower(row.Method)] = op
	}
	return nil
}

func (d *document) operation(row Row, served Served) (map[string]any, error) {
	responses, err := d.responses(row, served)
	if err != nil {
		return nil, err
	}
	op := map[string]any{
		"operationId": row.ID,
		"tags":        []string{row.Group},
		"responses":   responses,
	}
	if row.Status == "legacy" || row.Status == "deprecated" {
		op["deprecated"] = true
	}
	if row.Notes != "" {
		op["description"] = row.Notes
	}
	if parameters := d.parameters(row); len(parameters) > 0 {
		op["parameters"] = parameters
	}
	if len(row.Body) > 0 {
		body := d.of(row.Body, func(k Key) bool { return k.Required })
		_, required := body["required"]
		op["requestBody"] = map[string]any{"required": required, "content": jsonContent(body)}
	}
	op["security"] = security(served)
	return op, nil
}

// security are the ways to be let in; each names scopes that are all needed.
func security(s Served) []any {
	if s.Public {
		return []any{}
	}
	scopes := s.Scopes
	if scopes == nil {
		scopes = []string{}
	}
	ways := []any{map[string]any{tokenScheme: scopes}}
	if s.Instead != "" {
		ways = append(ways, map[string]any{tokenScheme: []string{s.Instead}})
	}
	return ways
}

// parameters are those of a row's path and query.
func (d *document) parameters(row Row) []any {
	var out []any
	for part := range strings.SplitSeq(row.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			out = append(out, map[string]any{
				"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": schema{"type": "string"},
			})
		}
	}
	for _, q := range row.Query {
		name, s := q.Name, d.value(Key{Type: q.Type, Format: q.Format, Enum: q.Enum, Default: q.Default, Max: q.Max})
		description := q.Meaning
		if q.Array {
			s = schema{"type": "array", "items": s}
			if !strings.HasSuffix(name, "[]") {
				description += fmt.Sprintf(" (a single one may also be given as `%s`)", name)
				name += "[]"
			}
		}
		out = append(out, map[string]any{
			"name": name, "in": "query", "required": q.Required, "schema": s, "description": description,
		})
	}
	return out
}

func jsonContent(s schema) map[string]any {
	return map[string]any{"application/json": map[string]any{"schema": s}}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
