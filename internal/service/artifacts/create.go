package artifacts

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Batch is an agent's announcement of files it is going to upload.
type Batch struct {
	// ID is the agent's, a UUID: the same batch announced again gets the same answer.
	ID string
	// UploadDestination is empty for our own storage; else the agent uploads by itself.
	UploadDestination string
	// Multipart says that the agent can upload in parts.
	Multipart bool
	Artifacts []Item
}

// Item is a file of a batch.
type Item struct {
	Path         string
	AbsolutePath string
	ContentType  string
	FileSize     int64
	SHA1Sum      string
	SHA256Sum    string
	// URL is where the agent puts the file, if it does so by itself.
	URL string
}

// Created is the answer to a Batch. ArtifactIDs are in its order.
type Created struct {
	ID           string
	ArtifactIDs  []string
	Instructions Instructions
	// PerArtifact overrides Instructions by artifact id.
	PerArtifact map[string]Instructions
}

// CreateBatch announces files of a job and says how to upload them.
func (s *Service) CreateBatch(ctx context.Context, job *store.Job, b Batch) (Created, error) {
	id, ok := ids.ParseUUID(b.ID)
	if !ok {
		return Created{}, fault.Reason("the batch's id must be a UUID")
	}
	b.ID = id
	if err := b.check(); err != nil {
		return Created{}, err
	}
	artifacts, err := s.insert(ctx, job, b)
	if sqldb.IsUnique(err) {
		artifacts, err = s.insert(ctx, job, b) // the same request came twice at the same time
	}
	if err != nil {
		return Created{}, fmt.Errorf("create artifacts of job %s: %w", job.ID, err)
	}
	return s.instruct(ctx, b, artifacts)
}

// insert adds a batch, or returns it as it was added before.
func (s *Service) insert(ctx context.Context, job *store.Job, b Batch) (artifacts []store.Artifact, err error) {
	err = s.store.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if artifacts, err = store.ArtifactsOfBatch(ctx, tx, job.ID, b.ID); err != nil {
			return err
		}
		if len(artifacts) > 0 {
			return b.same(artifacts)
		}
		n, err := store.CountArtifacts(ctx, tx, store.ArtifactFilter{JobID: job.ID})
		if err != nil {
			return err
		}
		if n+len(b.Artifacts) > artifact.MaxPerJob {
			return fault.New(fault.Forbidden, "A job can have %d artifacts: put the files into archives", artifact.MaxPerJob)
		}
		for i, item := range b.Artifacts {
			artifacts = append(artifacts, item.row(tx, job, b, i))
		}
		return store.InsertArtifacts(ctx, tx, artifacts)
	})
	return artifacts, err
}

func (i Item) row(tx *sqldb.Tx, job *store.Job, b Batch, position int) store.Artifact {
	a := store.Artifact{
		ID: store.NewID(), OrganizationID: job.OrganizationID, BuildID: job.BuildID, JobID: job.ID, BatchID: b.ID,
		Position: position, State: store.ArtifactNew, Path: i.Path, AbsolutePath: i.AbsolutePath,
		ContentType: contentType(i.ContentType), FileSize: i.FileSize, SHA1Sum: i.SHA1Sum, SHA256Sum: i.SHA256Sum,
		CreatedAt: tx.Now(),
	}
	if b.UploadDestination == "" {
		a.BlobKey = "pipelines/" + job.PipelineID + "/builds/" + job.BuildID + "/artifacts/" + a.ID
	} else {
		a.URL, a.UploadDestination = i.URL, b.UploadDestination
	}
	return a
}

// same checks that a batch announced again has the same files.
func (b Batch) same(artifacts []store.Artifact) error {
	same := slices.EqualFunc(artifacts, b.Artifacts, func(a store.Artifact, i Item) bool {
		return a.Path == i.Path && a.FileSize == i.FileSize && a.SHA256Sum == i.SHA256Sum
	})
	if !same {
		return fault.Reason("there is a batch with this id already, and its files are others")
	}
	return nil
}

const maxDestination = 2048

var (
	sha1Form   = regexp.MustCompile(`^([0-9a-f]{40})?$`)
	sha256Form = regexp.MustCompile(`^([0-9a-f]{64})?$`)
)

func (b Batch) check() error {
	if n := len(b.Artifacts); n == 0 || n > artifact.MaxPerBatch {
		return fault.Reason("a batch has 1 to %d artifacts, this one %d", artifact.MaxPerBatch, n)
	}
	if len(b.UploadDestination) > maxDestination || !plain(b.UploadDestination) {
		return fault.Reason("the upload destination is not an address")
	}
	var total int64
	for n, item := range b.Artifacts {
		if err := item.check(b.UploadDestination != ""); err != nil {
			return fault.Reason("artifacts[%d]: %v", n, err)
		}
		if total += item.FileSize; total > artifact.MaxBatchBytes {
			return fault.Reason("the files of a batch can have %d bytes together", int64(artifact.MaxBatchBytes))
		}
	}
	return nil
}

func (i Item) check(elsewhere bool) error {
	if err := artifact.CheckPath(i.Path); err != nil {
		return fmt.Errorf("path %q %w", shorten(i.Path), err)
	}
	switch {
	case len(i.AbsolutePath) > 2*artifact.MaxPathBytes || !plain(i.AbsolutePath):
		return errors.New("the absolute path is too long or has control characters")
	case i.FileSize < 0 || i.FileSize > artifact.MaxFileBytes:
		return fmt.Errorf("a file can have %d bytes, this one has %d", int64(artifact.MaxFileBytes), i.FileSize)
	case !sha1Form.MatchString(i.SHA1Sum) || !sha256Form.MatchString(i.SHA256Sum):
		return errors.New("sha1sum and sha256sum are lower-case hexadecimal digests")
	case elsewhere && !isStorageURL(i.URL):
		return errors.New("url must be the address of the file at the upload destination")
	}
	return nil
}

// plain reports whether a text can be kept and shown: UTF-8 without control characters.
func plain(text string) bool {
	return strings.ToValidUTF8(text, "") == text && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// isStorageURL reports whether a text is an address where agents keep files by themselves (docs/contract/agent-api.md,
// section 12). It is shown as a link later, so its scheme matters.
func isStorageURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxDestination+artifact.MaxPathBytes || u.Host == "" {
		return false
	}
	return slices.Contains([]string{"http", "https", "s3", "gs", "rt"}, u.Scheme)
}

// contentType returns a media type that can stand in a header; the agent's own fallback for others.
func contentType(text string) string {
	if mediaType, params, err := mime.ParseMediaType(text); err == nil && len(text) < 256 {
		if formatted := mime.FormatMediaType(mediaType, params); formatted != "" {
			return formatted
		}
	}
	return "binary/octet-stream"
}

func shorten(text string) string {
	if len(text) > 100 {
		return strings.ToValidUTF8(text[:100], "") + "…"
	}
	return text
}
