// Package contracts holds what Bridle promises others, as files: the rows, objects and rules of the REST API and the
// schema of the GraphQL API. Code cites them; tests compare what is served with them. It must not know how anything is
// served.
package contracts

import "embed"

// REST is the REST API: rest/endpoints.json, rest/objects.json and rest/README.md, which explains both.
//
//go:embed rest
var REST embed.FS

// GraphQL is the GraphQL API: graphql/schema.graphql, graphql/surface.json and graphql/README.md.
//
//go:embed graphql
var GraphQL embed.FS
