package artifacts

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Instructions say how to upload a file: as a form with Data and Action, or in parts with Actions, which wins.
type Instructions struct {
	Data    map[string]string
	Action  *Action
	Actions []PartAction
}

// Action is a form to post. The agent replaces the path of URL by Path.
type Action struct {
	URL, Method, Path, FileInput string
}

// PartAction is a request that carries a part, counted from 1.
type PartAction struct {
	URL, Method string
	PartNumber  int
}

// Names of the fields of an upload form.
const (
	fieldJob       = "job"
	fieldBatch     = "batch"
	fieldPath      = "path"
	fieldArtifact  = "artifact"
	fieldExpires   = "expires"
	fieldSignature = "signature"
	// FileField is the field with the file, which comes last.
	FileField = "file"
	// pathPlaceholder is what the agent puts the artifact's path in place of.
	pathPlaceholder = "${artifact:path}"
)

// instruct answers a batch. One form does for all its files, told apart by their paths; files that are to be cut into
// parts, or have the path of another one, get instructions of their own.
func (s *Service) instruct(ctx context.Context, b Batch, artifacts []store.Artifact) (Created, error) {
	c := Created{ID: b.ID, Instructions: s.batchForm(artifacts[0])}
	seen := make(map[string]bool, len(artifacts))
	for _, a := range artifacts {
		c.ArtifactIDs = append(c.ArtifactIDs, a.ID)
		own, ok, err := s.own(ctx, b, a, seen[a.Path])
		if err != nil {
			return Created{}, fmt.Errorf("upload of artifact %s: %w", a.ID, err)
		}
		if ok {
			if c.PerArtifact == nil {
				c.PerArtifact = map[string]Instructions{}
			}
			c.PerArtifact[a.ID] = own
		}
		seen[a.Path] = true
	}
	return c, nil
}

// own returns the instructions for one file, when those of the batch will not do.
func (s *Service) own(ctx context.Context, b Batch, a store.Artifact, twin bool) (Instructions, bool, error) {
	switch {
	case a.BlobKey == "" || a.State != store.ArtifactNew:
		return Instructions{}, false, nil
	case b.Multipart && artifact.PartCount(a.FileSize) > 1:
		parts, err := s.parts(ctx, a)
		return parts, true, err
	case twin:
		return s.artifactForm(a), true, nil
	}
	return Instructions{}, false, nil
}

func (s *Service) batchForm(a store.Artifact) Instructions {
	signature := s.links.sign(s.links.now().Add(uploadFor), forBatch, a.JobID, a.BatchID)
	return s.form(map[string]string{
		fieldJob: a.JobID, fieldBatch: a.BatchID, fieldPath: pathPlaceholder,
		fieldExpires: signature.Expires, fieldSignature: signature.Value,
	})
}

func (s *Service) artifactForm(a store.Artifact) Instructions {
	signature := s.links.sign(s.links.now().Add(uploadFor), forArtifact, a.ID)
	return s.form(map[string]string{
		fieldArtifact: a.ID, fieldExpires: signature.Expires, fieldSignature: signature.Value,
	})
}

func (s *Service) form(data map[string]string) Instructions {
	return Instructions{Data: data, Action: &Action{
		URL: s.links.uploadURL(), Method: http.MethodPost, Path: s.links.uploadPath(), FileInput: FileField,
	}}
}

// parts begins an upload in parts, or goes on with the one that was begun.
func (s *Service) parts(ctx context.Context, a store.Artifact) (Instructions, error) {
	if a.MultipartID == "" {
		if err := s.beginParts(ctx, a); err != nil {
			return Instructions{}, err
		}
	}
	var in Instructions
	for n := 1; n <= artifact.PartCount(a.FileSize); n++ {
		in.Actions = append(in.Actions, PartAction{URL: s.links.part(a.ID, n), Method: http.MethodPut, PartNumber: n})
	}
	return in, nil
}

func (s *Service) beginParts(ctx context.Context, a store.Artifact) error {
	id, err := s.blobs.CreateParts(ctx, a.BlobKey)
	if err != nil {
		return err
	}
	var ours bool
	err = s.store.Write(ctx, func(tx *sqldb.Tx) (err error) {
		ours, err = store.SetArtifactMultipart(ctx, tx, a.ID, id)
		return err
	})
	if err != nil || !ours {
		// The same request came twice; the other one's upload is as good.
		return errors.Join(err, s.blobs.Abort(ctx, a.BlobKey, id))
	}
	return nil
}
