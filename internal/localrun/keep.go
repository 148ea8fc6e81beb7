package localrun

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/localrun/logview"
	"github.com/bridle-ci/bridle/internal/localrun/render"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/store"
)

const (
	// keepFolder is where runs are kept, in the top folder of the working tree.
	keepFolder = ".bridle"
	// artifactPage is how many artifacts are asked for at once.
	artifactPage = 500
)

// artifacts lists what the jobs uploaded.
func (w *world) artifacts(ctx context.Context, b store.Build) ([]store.Artifact, error) {
	var all []store.Artifact
	for {
		page, total, err := w.app.Artifacts.List(ctx, w.actor, artifacts.Owner{BuildID: b.ID},
			artifacts.Filter{State: string(store.ArtifactFinished)}, store.Page{Limit: artifactPage, Offset: len(all)})
		if err != nil {
			return nil, fmt.Errorf("list the artifacts: %w", err)
		}
		if all = append(all, page...); len(page) == 0 || len(all) >= total {
			return all, nil
		}
	}
}

// keep writes logs and artifacts into the repository and returns the folder.
func (w *world) keep(ctx context.Context, f *follower, files []store.Artifact) (string, error) {
	top := filepath.Join(w.root, keepFolder)
	name := filepath.Join(keepFolder, time.Now().Format("2006-01-02-150405"))
	folder := filepath.Join(w.root, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("keep the run: %w", err)
	}
	// The folder is no change of the working tree.
	if err := os.WriteFile(filepath.Join(top, ".gitignore"), []byte("*\n"), 0o644); err != nil {
		return "", fmt.Errorf("keep the run: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return "", fmt.Errorf("keep the run: %w", err)
	}
	defer root.Close()
	folders := jobFolders(f.jobs)
	for _, j := range f.jobs {
		if j.Type != string(build.Script) || j.StartedAt == nil {
			continue
		}
		if err := w.keepLog(ctx, root, j, path.Join("logs", folders[j.ID]+".log")); err != nil {
			return "", fmt.Errorf("keep the log of %s: %w", j.FullName(), err)
		}
	}
	for _, a := range files {
		if err := w.keepArtifact(ctx, root, f.buildID, a, path.Join("artifacts", folders[a.JobID], a.Path)); err != nil {
			return "", fmt.Errorf("keep the artifact %s: %w", a.Path, err)
		}
	}
	return name, nil
}

// jobFolders names a folder for each job: its name and, as names may be equal, its place.
func jobFolders(jobs []render.Job) map[string]string {
	names := map[string]string{}
	for i, j := range jobs {
		names[j.ID] = strings.TrimSuffix(fmt.Sprintf("%02d-%s", i+1, ids.Slug(j.FullName())), "-")
	}
	return names
}

// keepLog writes a job's log as text.
func (w *world) keepLog(ctx context.Context, root *os.Root, j render.Job, name string) error {
	return create(root, name, func(to io.Writer) error {
		return w.eachLine(ctx, j.ID, func(line logview.Line) error {
			text := line.Plain()
			if marker := line.Kind.Marker(); marker != "" {
				text = strings.TrimSpace(marker + " " + text)
			}
			_, err := fmt.Fprintln(to, text)
			return err
		})
	})
}

// keepArtifact downloads an artifact as clients do. One that went elsewhere than the server is not ours to fetch.
func (w *world) keepArtifact(ctx context.Context, root *os.Root, buildID string, a store.Artifact, name string) error {
	address, err := w.app.Artifacts.DownloadURL(ctx, w.actor, artifacts.Owner{BuildID: buildID}, a.ID)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(address, w.app.BaseURL+"/") {
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("download: %s", response.Status)
	}
	return create(root, name, func(to io.Writer) error {
		_, err := io.Copy(to, response.Body)
		return err
	})
}

// create writes a file below the folder; names that lead out of it fail.
func create(root *os.Root, name string, fill func(io.Writer) error) error {
	name = filepath.FromSlash(name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := root.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(fill(file), file.Close())
}
