package logs

import (
	"context"
	"fmt"
	"io"

	"github.com/bridle-ci/bridle/internal/core/markup"
)

// HTML renders the end of a log, safe to show in a page (docs/contract/pipelines.md, section 25).
func (s *Service) HTML(ctx context.Context, jobID string) (string, error) {
	l, err := s.found(ctx, jobID)
	if err != nil {
		return "", err
	}
	r, start, _, err := s.Tail(ctx, jobID, markup.MaxLogBytes)
	if err != nil {
		return "", err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("read the log of job %s: %w", jobID, err)
	}
	fragment := markup.Log(text, start > 0)
	paths := fragment.Artifacts()
	if len(paths) == 0 {
		return fragment.HTML(nil), nil
	}
	links, err := s.artifacts.Links(ctx, l.BuildID, paths)
	if err != nil {
		return "", fmt.Errorf("artifacts in the log of job %s: %w", jobID, err)
	}
	return fragment.HTML(links), nil
}
