package rest

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// The forms in which logs and variables are to be had.
const (
	jsonForm = "application/json"
	textForm = "text/plain"
	htmlForm = "text/html"
)

// form is which form a client asks for: by the end of the path, else by the form that its Accept header prefers, the
// first of those it likes equally, else JSON.
func (c *call) form() string {
	switch path := c.r.URL.Path; {
	case strings.HasSuffix(path, ".txt"):
		return textForm
	case strings.HasSuffix(path, ".html"):
		return htmlForm
	}
	best, most := jsonForm, 0.0
	for media := range strings.SplitSeq(c.r.Header.Get("Accept"), ",") {
		media, parameters, _ := strings.Cut(media, ";")
		switch media = strings.ToLower(strings.TrimSpace(media)); media {
		case jsonForm, textForm, htmlForm:
			if q := quality(parameters); q > most {
				best, most = media, q
			}
		}
	}
	return best
}

// quality is how much a form is liked, from 0 to 1, which it is unless its parameters say otherwise.
func quality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(name, "q") {
			continue
		}
		if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && q <= 1 {
			return q
		}
	}
	return 1
}

// text sets the headers of an answer that is no JSON. What people's programs wrote is never to run as a page of this
// server.
func (c *call) text(form string) {
	h := c.w.Header()
	h.Set("Content-Type", form+"; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Add("Vary", "Accept") // beside what compression says
}

// write sends a whole answer that is no JSON.
func (c *call) write(form string, body []byte) error {
	c.text(form)
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(body) // a client that went away is nobody's error
	return nil
}

// image sends a picture for pages of any origin.
func (c *call) image(svg, cacheControl string) error {
	h := c.w.Header()
	h.Set("Content-Type", "image/svg+xml; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cache-Control", cacheControl)
	c.w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(c.w, svg) // a client that went away is nobody's error
	return nil
}
