package rest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

// upload sends a document as a job's agent does and returns the upload's id.
func (w *world) upload(tb testing.TB, job store.Job, document string, rejected bool) string {
	tb.Helper()
	id := store.NewID()
	_, err := w.builds.Upload(tb.Context(), job, builds.Upload{ID: id, Pipeline: json.RawMessage(document)})
	if fault.Is(err, fault.Invalid) != rejected || err != nil && !rejected {
		tb.Fatalf("upload %s: %v", document, err)
	}
	return id
}

func (s *story) tellUploads(at []string, job store.Job) {
	for _, id := range []string{
		s.upload(s.t, job, `{"steps": []}`, false), s.upload(s.t, job, `{"steps": [{"shell": "x"}]}`, true),
	} {
		s.call("builds.step_uploads.get", "", append(at, "upload", id)...)
	}
	s.query("builds.step_uploads.list", "per_page=1&filter[source_job_id]="+job.ID, at...)
}

type shownUpload struct {
	UUID           string  `json:"uuid"`
	State          string  `json:"state"`
	SourceJobID    string  `json:"source_job_id"`
	CreatedJobs    *int64  `json:"created_jobs_count"`
	RejectionType  *string `json:"rejection_type"`
	Message        *string `json:"message"`
	Bytes          int     `json:"definition_bytes"`
	YAML           *string `json:"definition_yaml"`
	Omitted        bool    `json:"definition_yaml_omitted"`
	ReplacesOthers bool    `json:"replace_existing_steps"`
}

func TestStepUploads(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := newWorldOn(t, st)
		p := storetest.Pipeline(t, st, w.Organization, func(p *store.Pipeline) {
			p.ClusterID, p.Configuration = &w.Cluster.ID, "steps:\n  - {command: upload, parallelism: 2}\n"
		})
		w.do(t, "POST", "pipelines/"+p.Slug+"/builds", `{"commit": "HEAD", "branch": "main"}`).want(t, http.StatusCreated)
		first := w.take(t, storetest.Agent(t, st, w.Queue))
		second := w.take(t, storetest.Agent(t, st, w.Queue))
		applied := w.upload(t, *first, `{"steps":[{"command":"a","key":"a","parallelism":2},"wait"],"env":{"Z":"1","A":"true"}}`, false)
		broken := w.upload(t, *first, `{"steps":[{"shell":"x"}]}`, true)
		clash := w.upload(t, *second, `{"steps":[{"command":"b","key":"a"}]}`, true)
		list := "pipelines/" + p.Slug + "/builds/1/step-uploads"

		var got shownUpload
		w.get(t, list+"/"+applied).want(t, http.StatusOK).into(t, &got)
		text, three := "steps:\n    - command: a\n      key: a\n      parallelism: 2\n    - wait\nenv:\n    Z: \"1\"\n    A: \"true\"\n", int64(3)
		want := shownUpload{UUID: applied, State: "applied", SourceJobID: first.ID, CreatedJobs: &three, Bytes: len(text), YAML: &text}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("applied upload differs (-want +got):\n%s", diff)
		}
		for id, kind := range map[string]string{broken: "invalid_definition", clash: "invalid_steps"} {
			var got shownUpload
			w.get(t, list+"/"+id).want(t, http.StatusOK).into(t, &got)
			if got.State != "rejected" || got.RejectionType == nil || *got.RejectionType != kind || got.Message == nil ||
				*got.Message == "" || got.CreatedJobs != nil || got.YAML == nil || !strings.Contains(*got.YAML, "steps:") {
				t.Errorf("rejected upload is %+v", got)
			}
		}
		w.checkUploadPages(t, list, []string{clash, broken, applied})
		w.checkUploadPages(t, list+"?filter[source_job_id]="+first.ID, []string{broken, applied})

		w.get(t, list+"/"+store.NewID()).wantError(t, http.StatusNotFound, "No step upload found")
		w.get(t, list+"/nothing").wantError(t, http.StatusNotFound, "No step upload found")
		w.get(t, list+"?filter[source_job_id]=x").wantError(t, http.StatusBadRequest, "The parameter filter[source_job_id] must be the id of a job")
		w.get(t, list+"?per_page=101").want(t, http.StatusBadRequest)
		w.get(t, list+"?after="+clash+"&before="+clash).want(t, http.StatusBadRequest)
		w.get(t, list+"?after="+store.NewID()).wantError(t, http.StatusBadRequest, "The cursor is not valid for this list")
	})
}

// checkUploadPages follows the links of a list, one upload a page, there and back.
func (w *world) checkUploadPages(t *testing.T, list string, want []string) {
	t.Helper()
	type page struct {
		Items []shownUpload `json:"items"`
		Links struct{ Self, Next, Prev string }
	}
	glue := "?"
	if strings.Contains(list, "?") {
		glue = "&"
	}
	at := w.path(list) + glue + "per_page=1"
	var got []string
	for at != "" {
		var p page
		w.get(t, strings.TrimPrefix(at, testBase)).want(t, http.StatusOK).into(t, &p)
		for _, u := range p.Items {
			got = append(got, u.UUID)
			if u.YAML != nil {
				t.Error("a list shows definitions")
			}
		}
		if len(got) > 1 == (p.Links.Prev == "") {
			t.Errorf("page %d has the previous page %q", len(got), p.Links.Prev)
		}
		at = p.Links.Next
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", list, diff)
	}
}
