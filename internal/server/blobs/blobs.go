// Package blobs is the face that carries the bytes of artifacts: uploads by form and in parts, and downloads. It asks for
// no token, as agents and browsers have none here: every address is signed and expires, and the service checks that.
package blobs

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"path"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
)

// Artifacts is what the face needs of service/artifacts.
type Artifacts interface {
	Upload(ctx context.Context, fields map[string]string, file io.Reader) error
	UploadPart(ctx context.Context, id, number string, signature artifacts.Signature, body io.Reader, length int64) (etag string, err error)
	Open(ctx context.Context, id string, signature artifacts.Signature) (*artifacts.File, error)
}

// Limits of a form besides its file.
const (
	maxFields     = 20
	maxFieldBytes = 8 << 10
)

type face struct {
	artifacts Artifacts
	log       *slog.Logger
}

// New returns the handler of everything below artifacts.Path.
func New(service Artifacts, log *slog.Logger) http.Handler {
	f := &face{artifacts: service, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+artifacts.Path, f.answer(f.upload))
	mux.HandleFunc("PUT "+artifacts.Path+"/{id}/parts/{number}", f.answer(f.uploadPart))
	mux.HandleFunc("GET "+artifacts.Path+"/{id}/files/{name}", f.answer(f.download))
	mux.HandleFunc("OPTIONS "+artifacts.Path+"/{id}/files/{name}", preflight)
	return mux
}

// setCORS lets pages of any origin read a file whose signed address they have: a page that asks the API for an artifact
// is redirected here (contracts/rest/README.md, Bodies, content types, CORS).
func setCORS(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Range, If-None-Match, *")
	h.Set("Access-Control-Expose-Headers", "Content-Disposition, Content-Length, Content-Range, ETag")
	h.Set("Access-Control-Max-Age", "86400")
}

// preflight answers a browser that asks whether a page may download. It follows the API's redirect with the token it was
// given, so it has to ask again.
func preflight(w http.ResponseWriter, _ *http.Request) {
	setCORS(w.Header())
	w.WriteHeader(http.StatusNoContent)
}

// answer sends the error of a handler in the form of the other faces.
func (f *face) answer(handle func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			f.fail(w, r, err)
		}
	}
}

// statusOf is the table from kinds of errors to statuses. Agents try every failed upload again, whatever the status.
var statusOf = map[fault.Kind]int{
	fault.Malformed: http.StatusBadRequest,
	fault.Forbidden: http.StatusForbidden,
	fault.NotFound:  http.StatusNotFound,
	fault.Conflict:  http.StatusConflict,
	fault.Invalid:   http.StatusUnprocessableEntity,
	fault.TooLarge:  http.StatusRequestEntityTooLarge,
}

func (f *face) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, message := http.StatusInternalServerError, "Something went wrong on the server. Please try again."
	var known *fault.Error
	if errors.As(err, &known) && statusOf[known.Kind] != 0 {
		status, message = statusOf[known.Kind], known.Message
	} else if r.Context().Err() == nil {
		f.log.ErrorContext(r.Context(), "request failed", "error", err, "method", r.Method, "path", r.URL.Path)
	}
	body := struct {
		Message string `json:"message"`
	}{message}
	if err := wire.WriteJSON(w, r, status, body); err != nil {
		f.log.ErrorContext(r.Context(), "write error", "error", err)
	}
}

// upload takes a form: its fields in any order, and then the file.
func (f *face) upload(w http.ResponseWriter, r *http.Request) error {
	form, err := r.MultipartReader()
	if err != nil {
		return fault.Wrap(fault.Malformed, err, "Upload a file as multipart/form-data")
	}
	fields := map[string]string{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return fault.New(fault.Malformed, "The form has no field `%s`", artifacts.FileField)
		}
		if err != nil {
			return fault.Wrap(fault.Malformed, err, "The form broke off or is damaged")
		}
		if part.FormName() == artifacts.FileField {
			if err := f.artifacts.Upload(r.Context(), fields, part); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		if len(fields) == maxFields {
			return fault.New(fault.TooLarge, "The form has more than %d fields", maxFields)
		}
		value, err := io.ReadAll(io.LimitReader(part, maxFieldBytes+1))
		if err != nil {
			return fault.Wrap(fault.Malformed, err, "The form broke off or is damaged")
		}
		if len(value) > maxFieldBytes {
			return fault.New(fault.TooLarge, "A field of the form is larger than %d bytes", maxFieldBytes)
		}
		fields[part.FormName()] = string(value)
	}
}

func (f *face) uploadPart(w http.ResponseWriter, r *http.Request) error {
	etag, err := f.artifacts.UploadPart(
		r.Context(), r.PathValue("id"), r.PathValue("number"), signatureOf(r), r.Body, r.ContentLength,
	)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag)
	w.WriteHeader(http.StatusOK)
	return nil
}

// download sends a file, or the ranges of it that are asked for. What jobs upload may be a page with scripts, so a browser
// is told to save it, not to guess what it is, and to run nothing if it opens it all the same.
func (f *face) download(w http.ResponseWriter, r *http.Request) error {
	setCORS(w.Header())
	file, err := f.artifacts.Open(r.Context(), r.PathValue("id"), signatureOf(r))
	if err != nil {
		return err
	}
	defer file.Close()
	h := w.Header()
	h.Set("Content-Type", file.ContentType)
	h.Set("Content-Disposition", attachment(path.Base(file.Path)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("ETag", `"`+file.ID+`"`)
	http.ServeContent(w, r, "", file.ModifiedAt, file)
	return nil
}

func attachment(name string) string {
	if value := mime.FormatMediaType("attachment", map[string]string{"filename": name}); value != "" {
		return value
	}
	return "attachment"
}

func signatureOf(r *http.Request) artifacts.Signature {
	query := r.URL.Query()
	return artifacts.Signature{Expires: query.Get("expires"), Value: query.Get("signature")}
}
