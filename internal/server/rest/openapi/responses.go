package openapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// responses are the answers of a row, by status.
func (d *document) responses(row Row, served Served) (map[string]any, error) {
	success, err := d.success(row)
	if err != nil {
		return nil, err
	}
	out := map[string]any{strconv.Itoa(row.SuccessStatus): success}
	for _, v := range row.Variants {
		if v.Status != 0 && v.Status != row.SuccessStatus {
			out[strconv.Itoa(v.Status)] = map[string]any{"description": v.When, "content": textContent(v.ContentType)}
		}
	}
	told := map[int][]string{}
	for _, e := range row.Errors {
		text := e.When
		if e.Message != "" {
			text += ": " + e.Message
		}
		told[e.Status] = append(told[e.Status], text)
	}
	if !served.Public {
		told[http.StatusUnauthorized] = append(told[http.StatusUnauthorized], "no token, or one that is not valid")
		told[http.StatusForbidden] = append(told[http.StatusForbidden], "what the token or its owner may not do")
		told[http.StatusTooManyRequests] = append(told[http.StatusTooManyRequests], "beyond a rate limit")
	}
	if strings.Contains(row.Path, "{") {
		told[http.StatusNotFound] = append(told[http.StatusNotFound], "what is not there, or not to be seen")
	}
	for status, texts := range told {
		out[strconv.Itoa(status)] = d.failure(row, status, texts)
	}
	out["default"] = d.failure(row, 0, []string{"any other error"})
	return out, nil
}

// failure is an answer with an error, which a HEAD request sees only the status of.
func (d *document) failure(row Row, status int, when []string) map[string]any {
	out := map[string]any{"description": strings.Join(when, "; ")}
	object := "error"
	if status == http.StatusTooManyRequests {
		object = "rate_limit_error"
		out["headers"] = map[string]any{
			"Retry-After":     header("integer", "seconds until the window ends"),
			"RateLimit-Reset": header("integer", "the same"),
		}
	}
	if row.Method != http.MethodHead {
		out["content"] = jsonContent(d.ref(object))
	}
	return out
}

func (d *document) success(row Row) (map[string]any, error) {
	out := map[string]any{"description": http.StatusText(row.SuccessStatus)}
	headers := map[string]any{}
	if row.Paginated == "page" || row.Paginated == "cursor" {
		headers["Link"] = header("string", "addresses of other pages: next, last, first, prev")
	}
	if row.ResponseShape == "redirect" {
		headers["Location"] = header("string", "where it is")
	}
	if len(headers) > 0 {
		out["headers"] = headers
	}
	if row.Method == http.MethodHead || row.ResponseShape == "none" {
		return out, nil
	}
	if row.ResponseShape == "text" {
		mediaType := "text/plain"
		if strings.HasSuffix(row.Path, ".yaml") {
			mediaType = YAMLType
		}
		out["content"] = textContent(mediaType)
		return out, nil
	}
	body, err := d.body(row)
	if err != nil {
		return nil, err
	}
	content := jsonContent(body)
	if row.ID == "meta.api_catalog" {
		content = map[string]any{LinksetType: map[string]any{"schema": body}}
	}
	for _, v := range row.Variants {
		if v.ContentType != "application/json" && (v.Status == 0 || v.Status == row.SuccessStatus) {
			content[v.ContentType] = map[string]any{"schema": schema{"type": "string", "description": v.When}}
		}
	}
	out["content"] = content
	return out, nil
}

// body is the schema of a row's answer.
func (d *document) body(row Row) (schema, error) {
	shape, err := row.Shape()
	if err != nil {
		return nil, fmt.Errorf("read response_keys: %w", err)
	}
	switch {
	case shape.Keys != nil:
		return d.of(shape.Keys, func(k Key) bool { return k.OnlyWhen == "" }), nil
	case shape.ArrayOf != "":
		return schema{"type": "array", "items": d.ref(shape.ArrayOf)}, nil
	case shape.ItemsOf != "":
		page := d.object(shape.Object)
		properties(page)["items"] = schema{"type": "array", "items": d.ref(shape.ItemsOf)}
		return page, nil
	}
	object := d.ref(shape.Object)
	if len(row.ResponseExtra) > 0 {
		extra := d.of(row.ResponseExtra, func(k Key) bool { return k.OnlyWhen == "" })
		return schema{"allOf": []any{object, extra}}, nil
	}
	return object, nil
}

func textContent(mediaType string) map[string]any {
	return map[string]any{mediaType: map[string]any{"schema": schema{"type": "string"}}}
}

func header(kind, description string) map[string]any {
	return map[string]any{"description": description, "schema": schema{"type": kind}}
}
