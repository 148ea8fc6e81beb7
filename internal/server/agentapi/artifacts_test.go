package agentapi_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/store"
)

func TestArtifacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - {command: one, key: one}\n  - {command: two, key: two}\n")
	j, other := w.take(w.agent()), w.take(w.agent())
	paths := []string{"log/b.txt", "log/a.txt", "c.txt"}
	files := map[string]string{"log/b.txt": "bee", "log/a.txt": "ay", "c.txt": ""}
	id := store.NewID()
	batch, err := j.Announce(t.Context(), id, paths, files)
	must(t, err)
	again, err := j.Announce(t.Context(), id, paths, files)
	must(t, err)
	if diff := cmp.Diff(batch.ArtifactIDs, again.ArtifactIDs); diff != "" {
		t.Errorf("a repeated batch has other artifacts:\n%s", diff)
	}
	if len(batch.ArtifactIDs) != len(paths) || batch.Instructions == nil || batch.ID != id {
		t.Fatalf("batch is %+v", batch)
	}
	if in := batch.Instructions; in.Action.URL == "" || in.Action.Path == "" || in.Action.Method == "" || in.Action.FileInput == "" {
		t.Errorf("instructions are %+v", in)
	}
	found, err := j.FindArtifacts(t.Context(), b.ID, "*", "")
	must(t, err)
	if found == nil || len(found) != 0 {
		t.Errorf("before the upload the search finds %+v, want an empty list", found)
	}
	for _, path := range paths {
		must(t, j.UploadForm(t.Context(), *batch.Instructions, path, files[path]))
	}
	for range 2 {
		must(t, j.ReportArtifacts(t.Context(), "finished", batch.ArtifactIDs...))
	}
	for name, tt := range map[string]struct {
		query, scope string
		want         []string
	}{
		"all":          {"*", "", paths},
		"in a folder":  {"log/*", "", paths[:2]},
		"of a step":    {"*", "one", paths},
		"of another":   {"*", "two", nil},
		"of the job":   {"c.txt", j.ID, paths[2:]},
		"nothing like": {"*.zip", "", nil},
	} {
		found, err := other.FindArtifacts(t.Context(), b.ID, tt.query, tt.scope)
		must(t, err)
		var got []string
		for _, f := range found {
			got = append(got, f.Path)
			if f.ID != batch.ArtifactIDs[index(paths, f.Path)] || f.JobID != j.ID || f.FileSize != int64(len(files[f.Path])) ||
				f.CreatedAt.IsZero() || f.SHA1Sum == "" || f.SHA256Sum == "" || w.download(f.URL) != files[f.Path] {
				t.Errorf("%s: found %+v", name, f)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	wantStatus(t, j.ReportArtifacts(t.Context(), "finished", store.NewID()), http.StatusNotFound)
	wantStatus(t, j.ReportArtifacts(t.Context(), "lost", batch.ArtifactIDs[0]), http.StatusUnprocessableEntity)
	_, err = j.Announce(t.Context(), store.NewID(), []string{"../x"}, nil)
	wantStatus(t, err, http.StatusUnprocessableEntity)
	_, err = j.FindArtifacts(t.Context(), store.NewID(), "*", "")
	wantStatus(t, err, http.StatusNotFound)
}

// download gets a signed address, as agents do: without a token.
func (w *world) download(address string) string {
	w.t.Helper()
	response, err := w.server.HTTP.Get(address)
	must(w.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	must(w.t, err)
	if response.StatusCode != http.StatusOK {
		w.t.Errorf("%s: status %d", address, response.StatusCode)
	}
	return string(raw)
}

func index(list []string, text string) int {
	for i, s := range list {
		if s == text {
			return i
		}
	}
	return -1
}

func TestArtifactInOneGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	must(t, j.Artifact(t.Context(), store.NewID(), "a b/ü.txt", "content"))
	found, err := j.FindArtifacts(t.Context(), b.ID, "a b/*", "")
	must(t, err)
	if len(found) != 1 || w.download(found[0].URL) != "content" {
		t.Errorf("found %+v", found)
	}
}

func TestArtifactsInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.build("steps:\n  - command: one\n")
	j := w.take(w.agent())
	var out struct {
		ArtifactIDs  []string                  `json:"artifact_ids"`
		Instructions map[string]any            `json:"upload_instructions"`
		PerArtifact  map[string]map[string]any `json:"per_artifact_instructions"`
	}
	item := map[string]any{"path": "big", "absolute_path": "/big", "file_size": 1 << 30}
	_, err := j.Call(t.Context(), http.MethodPost, "artifacts", map[string]any{
		"id": store.NewID(), "multipart_supported": true, "artifacts": []any{item},
	}, &out)
	must(t, err)
	actions, _ := out.PerArtifact[out.ArtifactIDs[0]]["actions"].([]any)
	if out.Instructions == nil || len(actions) < 2 {
		t.Fatalf("instructions are %+v and %+v", out.Instructions, out.PerArtifact)
	}
	if first, _ := actions[0].(map[string]any); first["part_number"] != 1.0 || first["method"] != "PUT" || first["url"] == "" {
		t.Errorf("the first part is %+v", first)
	}
}
