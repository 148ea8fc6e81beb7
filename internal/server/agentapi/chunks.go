package agentapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/bridle-ci/bridle/internal/service/logs"
)

// maxZipped is the size in bytes that a compressed chunk may have: what does not compress grows by less than this.
const maxZipped = joblog.MaxChunkBytes + 64<<10

// unzippers are reused: each holds tens of kilobytes.
var unzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// chunk takes a piece of a job's log. Agents drop a piece for good after any 4xx, so that what may pass is 5xx
// (docs/contract/agent-api.md, section 10).
func (a *API) chunk(c *call) error {
	chunk, err := c.chunkPlace()
	if err != nil {
		return err
	}
	sent, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxZipped))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return errChunkSize
	}
	if err != nil {
		return fault.New(fault.Unavailable, "The chunk could not be read whole. Please send it again.")
	}
	chunk.Data = sent
	if strings.EqualFold(c.r.Header.Get("Content-Encoding"), "gzip") {
		if chunk.Data, err = unzip(sent, chunk.Size); err != nil {
			return err
		}
	}
	if err := a.Logs.Append(c.r.Context(), c.job.ID, chunk); err != nil {
		return err
	}
	return c.done()
}

var errChunkSize = fault.New(fault.TooLarge, "A chunk can have at most %d bytes", joblog.MaxChunkBytes)

// chunkPlace reads where a chunk belongs.
func (c *call) chunkPlace() (logs.Chunk, error) {
	var chunk logs.Chunk
	query := c.r.URL.Query()
	for _, p := range []struct {
		name string
		into *int64
	}{{"sequence", &chunk.Sequence}, {"offset", &chunk.Offset}, {"size", &chunk.Size}} {
		n, err := strconv.ParseInt(query.Get(p.name), 10, 64)
		if err != nil || n < 0 {
			return logs.Chunk{}, fault.New(fault.Malformed, "The parameter %s of a chunk must be a number", p.name)
		}
		*p.into = n
	}
	if chunk.Size > joblog.MaxChunkBytes {
		return logs.Chunk{}, errChunkSize
	}
	return chunk, nil
}

// unzip returns the size bytes that a compressed chunk holds; more or fewer are an error.
func unzip(sent []byte, size int64) ([]byte, error) {
	r := unzippers.Get().(*gzip.Reader)
	defer unzippers.Put(r)
	if err := r.Reset(bytes.NewReader(sent)); err != nil {
		return nil, errUnzip
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, errUnzip
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return nil, errUnzip
	}
	return data, nil
}

var errUnzip = fault.New(fault.Malformed, "The chunk is not gzip of as many bytes as its size says")

// headerTimes takes the times of a log's section headers from agents that do not write them into the log.
func (a *API) headerTimes(c *call) error {
	var in struct {
		Times map[string]string `json:"header_times"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	if err := a.Logs.HeaderTimes(c.r.Context(), c.job.ID, in.Times); err != nil {
		return err
	}
	return c.done()
}
