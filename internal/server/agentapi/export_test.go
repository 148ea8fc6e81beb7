package agentapi

// Row is a route as tests see it.
type Row struct{ Method, Path string }

// Routes returns the API's rows.
func Routes() []Row {
	var rows []Row
	for _, r := range routes {
		rows = append(rows, Row{r.method, r.path})
	}
	return rows
}
