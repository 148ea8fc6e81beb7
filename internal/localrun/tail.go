package localrun

import (
	"context"
	"fmt"
	"io"

	"github.com/bridle-ci/bridle/internal/localrun/logview"
	"github.com/bridle-ci/bridle/internal/localrun/render"
)

// tailEnd says that a job's log was shown to its end, or why it was not.
type tailEnd struct {
	jobID string
	err   error
}

// tail shows a job's log as it grows, until it is closed.
func (f *follower) tail(ctx context.Context, j render.Job) {
	f.tails[j.ID] = true
	go func() {
		end := tailEnd{jobID: j.ID, err: f.copyLog(ctx, j)}
		select {
		case f.ended <- end:
		case <-ctx.Done():
		}
	}()
}

// tailPiece is how much of a log is read at once, in bytes.
const tailPiece = 64 << 10

func (f *follower) copyLog(ctx context.Context, j render.Job) error {
	return f.w.eachLine(ctx, j.ID, func(line logview.Line) error {
		f.r.Output.Line(j, line)
		return nil
	})
}

// eachLine calls fn with the lines of a job's log as they come, until the log is closed.
func (w *world) eachLine(ctx context.Context, jobID string, fn func(logview.Line) error) error {
	log, err := w.app.Logs.Follow(ctx, jobID, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	var decoder logview.Decoder
	piece := make([]byte, tailPiece)
	for {
		n, err := log.Read(piece)
		lines := decoder.Write(piece[:n])
		ended := err == io.EOF //nolint:errorlint // readers return it bare
		if ended {
			lines = append(lines, decoder.Close()...)
		}
		for _, line := range lines {
			if err := fn(line); err != nil {
				return err
			}
		}
		if ended {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// tailEnded lets the state that ended the job be told.
func (f *follower) tailEnded(end tailEnd) error {
	delete(f.tails, end.jobID)
	if end.err != nil {
		return fmt.Errorf("follow the log of job %s: %w", end.jobID, end.err)
	}
	return nil
}
