package rest

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// logJob returns the job of the path whose log is concerned, and the log's address. Only command jobs have one.
func (a *API) logJob(c *call, action access.Action) (store.Job, string, error) {
	j, place, err := a.Builds.Job(c.r.Context(), c.actor, c.jobRef(), action)
	if err != nil {
		return store.Job{}, "", err
	}
	if j.Type != build.Script {
		return store.Job{}, "", fault.Missing("job")
	}
	return j, a.urls.job(c.actor.OrganizationSlug, place.PipelineSlug, place.BuildNumber, j.ID) + "/log", nil
}

// getLog answers with a job's log as an object, raw, or rendered (contracts/rest/README.md, Logs, redirects, uploads).
func (a *API) getLog(c *call) error {
	j, address, err := a.logJob(c, access.LogView)
	if err != nil {
		return err
	}
	form := c.form()
	ranges := c.r.Header.Get("Range")
	switch {
	case ranges != "" && form != textForm:
		return malformed("Range requests need the header `Accept: text/plain`")
	case ranges != "":
		return a.writeLogTail(c, j.ID, ranges)
	case form == textForm:
		return a.writeLogText(c, j.ID)
	case form == htmlForm:
		html, err := a.Logs.HTML(c.r.Context(), j.ID)
		if err != nil {
			return err
		}
		return c.write(htmlForm, []byte(html))
	}
	return a.writeLogObject(c, j.ID, address)
}

// headLog tells how long the raw log is.
func (a *API) headLog(c *call) error {
	j, _, err := a.logJob(c, access.LogView)
	if err != nil {
		return err
	}
	size, err := a.Logs.Size(c.r.Context(), j.ID)
	if err != nil {
		return err
	}
	c.text(textForm)
	c.w.Header().Set("Accept-Ranges", "bytes")
	c.w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (a *API) deleteLog(c *call) error {
	j, _, err := a.logJob(c, access.LogDelete)
	if err != nil {
		return err
	}
	if err := a.Logs.Delete(c.r.Context(), j.ID); err != nil {
		return err
	}
	return c.noContent()
}

func (a *API) writeLogText(c *call, jobID string) error {
	r, size, err := a.Logs.Read(c.r.Context(), jobID, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	c.text(textForm)
	c.w.Header().Set("Accept-Ranges", "bytes")
	c.w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method != http.MethodHead {
		c.stream(c.w, r)
	}
	return nil
}

// writeLogTail answers a range. The contract has one form, the last so many bytes.
func (a *API) writeLogTail(c *call, jobID, ranges string) error {
	suffix, ok := strings.CutPrefix(ranges, "bytes=-")
	n, err := strconv.ParseInt(suffix, 10, 64)
	if !ok || err != nil || n <= 0 {
		return malformed("Only ranges of the form `bytes=-N`, the last N bytes, are supported")
	}
	r, start, size, err := a.Logs.Tail(c.r.Context(), jobID, n)
	if err != nil {
		return err
	}
	defer r.Close()
	h := c.w.Header()
	if size == 0 {
		h.Set("Content-Range", "bytes */0")
		return c.json(http.StatusRequestedRangeNotSatisfiable, errorBody{Message: "The log is empty"})
	}
	c.text(textForm)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, size-1, size))
	h.Set("Content-Length", strconv.FormatInt(size-start, 10))
	c.w.WriteHeader(http.StatusPartialContent)
	c.stream(c.w, r)
	return nil
}

// stream sends what a reader has, after the header has left. When the reader fails the connection is cut, so that the
// client does not take the part for the whole; a client that went away is nobody's error.
func (c *call) stream(to io.Writer, from io.Reader) {
	if _, err := io.Copy(to, readErrors{from, c}); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// readErrors logs the errors of a reader, as these are the server's own.
type readErrors struct {
	io.Reader
	c *call
}

func (r readErrors) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF && r.c.r.Context().Err() == nil {
		r.c.api.Log.ErrorContext(r.c.r.Context(), "answer cut short", "error", err, "path", r.c.r.URL.Path)
	}
	return n, err
}
