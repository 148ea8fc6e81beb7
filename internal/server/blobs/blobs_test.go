package blobs_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/blob/file"
	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/server/blobs"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/uuid"
)

// bundle is a server with the service behind it, and a running job.
type bundle struct {
	*artifacts.Service
	world storetest.World
	job   store.Job
}

func setup(t *testing.T) bundle {
	t.Helper()
	st := storetest.Open(t)
	objects, err := file.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = objects.Close() })
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	b := bundle{world: storetest.NewWorld(t, st)}
	b.job = storetest.RunningJob(t, st, b.world.Pipeline)
	b.Service, err = artifacts.New(t.Context(), artifacts.Config{
		Store: st, Queue: queue.New(st.DB(), queue.Config{}), Bus: local.New(), Blobs: objects, BaseURL: server.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	handler = blobs.New(b.Service, slog.New(slog.DiscardHandler))
	return b
}

func (b bundle) create(t *testing.T, path, contentType string, size int64) artifacts.Created {
	t.Helper()
	c, err := b.CreateBatch(t.Context(), &b.job, artifacts.Batch{
		ID: uuid.NewString(), Multipart: true,
		Artifacts: []artifacts.Item{{Path: path, ContentType: contentType, FileSize: size}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// form is an upload as the agent sends it: all fields, and then the file.
func form(t *testing.T, in artifacts.Instructions, path, content string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for key, value := range in.Data {
		if err := w.WriteField(key, strings.ReplaceAll(value, "${artifact:path}", path)); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile(in.Action.FileInput, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), in.Action.Method, in.Action.URL, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.Path = in.Action.Path
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// send returns the status, the header and the body of an answer.
func send(t *testing.T, r *http.Request) (int, http.Header, string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(body)
}

func request(t *testing.T, method, url string, body string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func (b bundle) finish(t *testing.T, id string, parts ...blob.Part) string {
	t.Helper()
	err := b.SetStates(t.Context(), &b.job, []artifacts.StateChange{{ID: id, State: store.ArtifactFinished, Parts: parts}})
	if err != nil {
		t.Fatal(err)
	}
	link, err := b.DownloadURL(t.Context(), b.world.MemberActor(), artifacts.Owner{JobID: b.job.ID}, id)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestFormAndDownload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const path, content = `dir/größe "1".html`, "<script>1</script>"
	c := b.create(t, path, "text/html", int64(len(content)))
	if status, _, body := send(t, form(t, c.Instructions, path, content)); status != http.StatusNoContent {
		t.Fatalf("upload: %d %s", status, body)
	}
	link := b.finish(t, c.ArtifactIDs[0])

	status, header, body := send(t, request(t, http.MethodGet, link, "", "Authorization", "Bearer something"))
	if status != http.StatusOK || body != content {
		t.Fatalf("download: %d %s", status, body)
	}
	for key, want := range map[string]string{
		"Content-Type": "text/html", "Content-Disposition": `attachment; filename*=utf-8''gr%C3%B6%C3%9Fe%20%221%22.html`,
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Accept-Ranges": "bytes",
		"Content-Length": fmt.Sprint(len(content)), "Access-Control-Allow-Origin": "*",
	} {
		if got := header.Get(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	status, preflight, _ := send(t, request(t, http.MethodOptions, link, "", "Access-Control-Request-Headers", "authorization"))
	if status != http.StatusNoContent || !strings.Contains(preflight.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("preflight: %d, %v", status, preflight)
	}
	status, header, body = send(t, request(t, http.MethodGet, link, "", "Range", "bytes=1-6"))
	if status != http.StatusPartialContent || body != content[1:7] || header.Get("Content-Range") != fmt.Sprintf("bytes 1-6/%d", len(content)) {
		t.Errorf("range: %d %q %s", status, body, header.Get("Content-Range"))
	}
	status, _, body = send(t, request(t, http.MethodHead, link, ""))
	if status != http.StatusOK || body != "" {
		t.Errorf("head: %d %q", status, body)
	}
	status, _, _ = send(t, request(t, http.MethodGet, link, "", "If-None-Match", header.Get("ETag")))
	if status != http.StatusNotModified {
		t.Errorf("with its tag: %d", status)
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	content := strings.Repeat("0123456789abcdef", artifact.MultipartFrom/16)
	c := b.create(t, "large", "application/zip", int64(len(content)))
	var parts []blob.Part
	rest := content
	actions := c.PerArtifact[c.ArtifactIDs[0]].Actions
	for _, a := range actions {
		n := len(content) / len(actions)
		status, header, body := send(t, request(t, a.Method, a.URL, rest[:n]))
		if status != http.StatusOK || header.Get("ETag") == "" {
			t.Fatalf("part %d: %d %s", a.PartNumber, status, body)
		}
		parts = append(parts, blob.Part{Number: a.PartNumber, ETag: header.Get("ETag")})
		rest = rest[n:]
	}
	link := b.finish(t, c.ArtifactIDs[0], parts...)
	if _, _, body := send(t, request(t, http.MethodGet, link, "")); body != content {
		t.Errorf("got %d bytes, want %d", len(body), len(content))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.create(t, "a.txt", "text/plain", 3)
	good := c.Instructions
	forged := good
	forged.Data = map[string]string{"path": "a.txt"}
	many := good
	many.Data = map[string]string{}
	for i := range 30 {
		many.Data[fmt.Sprint(i)] = "x"
	}
	wide := good
	wide.Data = map[string]string{"path": strings.Repeat("x", 10<<10)}
	noFile := form(t, good, "a.txt", "abc")
	noFile.Body = io.NopCloser(strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\na\r\n--x--\r\n"))
	noFile.ContentLength = -1
	noFile.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	at := good.Action.URL
	for name, c := range map[string]struct {
		request *http.Request
		want    int
	}{
		"no form":            {request(t, http.MethodPost, at, "x"), http.StatusBadRequest},
		"no boundary":        {request(t, http.MethodPost, at, "x", "Content-Type", "multipart/form-data; boundary=y"), http.StatusBadRequest},
		"no file":            {noFile, http.StatusBadRequest},
		"no signature":       {form(t, forged, "a.txt", "abc"), http.StatusForbidden},
		"many fields":        {form(t, many, "a.txt", "abc"), http.StatusRequestEntityTooLarge},
		"wide field":         {form(t, wide, "a.txt", "abc"), http.StatusRequestEntityTooLarge},
		"unknown path":       {form(t, good, "b.txt", "abc"), http.StatusNotFound},
		"too long":           {form(t, good, "a.txt", "abcd"), http.StatusUnprocessableEntity},
		"part, unsigned":     {request(t, http.MethodPut, at+"/"+store.NewID()+"/parts/1", "x"), http.StatusForbidden},
		"download, unsigned": {request(t, http.MethodGet, at+"/"+store.NewID()+"/files/a.txt", ""), http.StatusForbidden},
		"other method":       {request(t, http.MethodDelete, at, ""), http.StatusMethodNotAllowed},
		"elsewhere":          {request(t, http.MethodGet, at+"/x", ""), http.StatusNotFound},
	} {
		if status, _, body := send(t, c.request); status != c.want {
			t.Errorf("%s: %d %s, want %d", name, status, body, c.want)
		}
	}
}
