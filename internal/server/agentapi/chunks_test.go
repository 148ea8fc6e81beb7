package agentapi_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/bridle-ci/bridle/internal/core/joblog"
)

// log reads the whole log of a job.
func (w *world) log(jobID string) string {
	w.t.Helper()
	r, _, err := w.logs.Read(w.t.Context(), jobID, 0, -1)
	must(w.t, err)
	defer r.Close()
	raw, err := io.ReadAll(r)
	must(w.t, err)
	return string(raw)
}

func TestChunks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	const log = "+++ grüße\r\nover and out\r\n"
	const cut, last = 7, 15 // the first cut splits a rune
	for _, place := range [][3]int{{3, last, len(log)}, {1, 0, cut}, {1, 0, cut}, {2, cut, last}, {3, last, len(log)}} {
		must(t, j.Chunk(t.Context(), place[0], place[1], log[place[1]:place[2]]))
	}
	if got := w.log(j.ID); got != log {
		t.Errorf("log is %q", got)
	}
	must(t, j.Finish(t.Context(), 0))
	w.drain()
	if got := w.log(j.ID); got != log {
		t.Errorf("log of the finished job is %q", got)
	}
	err := j.Chunk(t.Context(), 4, len(log), "late")
	wantStatus(t, err, http.StatusUnprocessableEntity)
}

func TestChunkOfLibraryAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	must(t, j.Chunk(t.Context(), 0, 0, "counted from zero\n"))
	must(t, j.Chunk(t.Context(), 1, 18, ""))
	if got := w.log(j.ID); got != "counted from zero\n" {
		t.Errorf("log is %q", got)
	}
}

func TestChunkRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	bomb := zipped(strings.Repeat("\x00", 2*joblog.MaxChunkBytes))
	for name, tt := range map[string]struct {
		query  string
		body   []byte
		status int
	}{
		"no size":            {"sequence=1&offset=0", zipped("x"), 400},
		"negative offset":    {"sequence=1&offset=-1&size=1", zipped("x"), 400},
		"size is no number":  {"sequence=1&offset=0&size=x", zipped("x"), 400},
		"no gzip":            {"sequence=1&offset=0&size=1", []byte("x"), 400},
		"gzip cut off":       {"sequence=1&offset=0&size=1", zipped("x")[:12], 400},
		"shorter than told":  {"sequence=1&offset=0&size=2", zipped("x"), 400},
		"longer than told":   {"sequence=1&offset=0&size=1", zipped("xy"), 400},
		"bomb":               {"sequence=1&offset=0&size=1", bomb, 400},
		"bomb that tells it": {fmt.Sprintf("sequence=1&offset=0&size=%d", 2*joblog.MaxChunkBytes), bomb, 413},
		"more than fits":     {"sequence=1&offset=0&size=1", bytes.Repeat([]byte("x"), 2*joblog.MaxChunkBytes), 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := w.sendChunk(j.ID, j.Token, tt.query, "gzip", tt.body); got != tt.status {
				t.Errorf("status %d, want %d", got, tt.status)
			}
		})
	}
	if got := w.sendChunk(j.ID, j.Token, "sequence=1&offset=0&size=5", "", []byte("plain")); got != http.StatusOK {
		t.Errorf("a chunk that is not compressed: status %d", got)
	}
	if got := w.log(j.ID); got != "plain" {
		t.Errorf("log is %q", got)
	}
}

func zipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		panic(err) // memory does not fail
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// sendChunk sends a request to the handler itself.
func (w *world) sendChunk(jobID, token, query, encoding string, body []byte) int {
	r := httptest.NewRequest(http.MethodPost, "/v3/jobs/"+jobID+"/chunks", bytes.NewReader(body))
	r.URL.RawQuery = query
	r.Header.Set("Authorization", "Token "+token)
	r.Header.Set("Content-Encoding", encoding)
	answer := httptest.NewRecorder()
	w.api.ServeHTTP(answer, r)
	return answer.Code
}

func TestHeaderTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	must(t, j.Log(t.Context(), "--- one\n--- two\n"))
	_, err := j.Call(t.Context(), http.MethodPost, "header_times", map[string]any{
		"header_times": map[string]string{"0": "2026-08-03T09:30:00.000000001Z", "1": "2026-08-03T09:30:01Z"},
	}, nil)
	must(t, err)
	must(t, j.Finish(t.Context(), 0))
	w.drain()
	times, err := w.logs.Times(t.Context(), j.ID)
	must(t, err)
	if len(times) != 2 || times[1]-times[0] != 999999999 {
		t.Errorf("times are %v", times)
	}
	_, err = j.Call(t.Context(), http.MethodPost, "header_times", map[string]any{"header_times": map[string]string{"x": "y"}}, nil)
	wantStatus(t, err, http.StatusUnprocessableEntity)
}

func FuzzChunk(f *testing.F) {
	f.Add("sequence=1&offset=0&size=1", "gzip", zipped("x"))
	f.Add("sequence=1&offset=9223372036854775807&size=1", "", []byte("x"))
	f.Add("sequence=0&offset=1&size=0", "gzip", []byte{0x1f, 0x8b})
	f.Add("size=%zz;&&=", "GZIP", []byte(nil))
	w := newWorld(f)
	w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	f.Fuzz(func(t *testing.T, query, encoding string, body []byte) {
		switch status := w.sendChunk(j.ID, j.Token, query, encoding, body); status {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		default:
			t.Fatalf("status %d", status)
		}
	})
}
