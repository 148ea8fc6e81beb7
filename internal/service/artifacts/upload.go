package artifacts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
)

// Upload takes a file by a form: its fields, which are signed, and then the file, which must be as long as announced.
func (s *Service) Upload(ctx context.Context, fields map[string]string, file io.Reader) error {
	a, err := s.uploaded(ctx, fields)
	if err != nil {
		return err
	}
	exact := &exactReader{r: file, rest: a.FileSize}
	if _, err := s.blobs.Put(ctx, a.BlobKey, exact); err != nil {
		return exact.explain(fmt.Errorf("store artifact %s: %w", a.ID, err))
	}
	return nil
}

// uploaded returns the artifact that a form's fields are about.
func (s *Service) uploaded(ctx context.Context, fields map[string]string) (store.Artifact, error) {
	signature := Signature{Expires: fields[fieldExpires], Value: fields[fieldSignature]}
	if id, ok := fields[fieldArtifact]; ok {
		if err := s.links.check(signature, forArtifact, id); err != nil {
			return store.Artifact{}, err
		}
		return s.expected(store.GetArtifact(ctx, s.store.Read(), id))
	}
	job, batch := fields[fieldJob], fields[fieldBatch]
	if err := s.links.check(signature, forBatch, job, batch); err != nil {
		return store.Artifact{}, err
	}
	artifacts, err := store.ArtifactsOfBatch(ctx, s.store.Read(), job, batch)
	if err != nil {
		return store.Artifact{}, fmt.Errorf("find artifact: %w", err)
	}
	for _, a := range artifacts {
		if a.Path == fields[fieldPath] {
			return s.expected(a, nil)
		}
	}
	return store.Artifact{}, fault.Missing("artifact")
}

// expected checks that an artifact waits for its bytes.
func (s *Service) expected(a store.Artifact, err error) (store.Artifact, error) {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a, fault.Missing("artifact")
	case err != nil:
		return a, fmt.Errorf("find artifact: %w", err)
	case a.BlobKey == "":
		return a, fault.Reason("the artifact is stored at %s", a.UploadDestination)
	case a.State != store.ArtifactNew:
		return a, fault.New(fault.Conflict, "The artifact is %s: it cannot be uploaded any more", a.State)
	}
	return a, nil
}

// UploadPart takes a part of a file, counted from 1, and returns its ETag. length is what the request says of its body,
// -1 if nothing.
func (s *Service) UploadPart(ctx context.Context, id, number string, signature Signature, body io.Reader, length int64) (etag string, err error) {
	if err := s.links.check(signature, forPart, id, number); err != nil {
		return "", err
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return "", fault.Missing("part")
	}
	a, err := s.expected(store.GetArtifact(ctx, s.store.Read(), id))
	if err != nil {
		return "", err
	}
	count := artifact.PartCount(a.FileSize)
	if a.MultipartID == "" || n < 1 || n > count {
		return "", fault.Missing("part")
	}
	exact := &exactReader{r: body, rest: artifact.PartSize(a.FileSize, count, n)}
	if length >= 0 && length != exact.rest {
		return "", fault.Reason("part %d has %d bytes, not %d", n, exact.rest, length)
	}
	etag, err = s.blobs.PutPart(ctx, a.BlobKey, a.MultipartID, n, exact)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return "", fault.New(fault.Conflict, "The upload is complete or was given up")
	case err != nil:
		return "", exact.explain(fmt.Errorf("store part %d of artifact %s: %w", n, id, err))
	}
	return etag, nil
}

var (
	errTooLong  = errors.New("longer than announced")
	errTooShort = errors.New("shorter than announced")
)

// exactReader reads just so many bytes; fewer and more are errors, so that a store keeps neither.
type exactReader struct {
	r    io.Reader
	rest int64
	err  error // what was wrong with the sender's bytes
}

func (e *exactReader) Read(p []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	n, err := e.r.Read(p)
	if int64(n) > e.rest {
		n, err = int(e.rest), errTooLong
	}
	e.rest -= int64(n)
	if errors.Is(err, io.EOF) {
		if e.rest == 0 {
			return n, io.EOF
		}
		err = errTooShort
	}
	e.err = err
	return n, err
}

// explain makes the sender's fault of an error that was the sender's.
func (e *exactReader) explain(err error) error {
	switch {
	case errors.Is(e.err, errTooLong), errors.Is(e.err, errTooShort):
		return fault.Reason("the file is %v", e.err)
	case e.err != nil:
		return fault.Wrap(fault.Malformed, err, "The upload broke off")
	}
	return err
}

// validID reports whether a text can be the id of a row.
func validID(text string) bool {
	_, ok := ids.ParseUUID(text)
	return ok
}
