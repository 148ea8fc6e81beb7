package compat

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// tellLists walks the list of a build's jobs in both directions.
func (s *server) tellLists(t *testing.T, at []string) {
	t.Helper()
	type page struct {
		Items []thing
		Links struct{ Next, Prev string }
	}
	whole := asking[page](s, asked{row: "jobs.list", names: at})
	if len(whole.Items) != 4 || whole.Links.Next != "" {
		t.Fatalf("jobs %+v", whole)
	}
	forth := asking[page](s, asked{row: "jobs.list", query: "per_page=1", names: at})
	cursor := forth.Links.Next[strings.Index(forth.Links.Next, "after=")+len("after="):]
	cursor, _, _ = strings.Cut(cursor, "&")
	second := asking[page](s, asked{row: "jobs.list", query: "per_page=1&after=" + cursor, names: at})
	if len(second.Items) != 1 || second.Items[0].ID != whole.Items[1].ID || second.Links.Prev == "" || second.Links.Next == "" {
		t.Errorf("second page %+v", second)
	}
	if failed := asking[page](s, asked{row: "jobs.list", query: "state[]=failed&step_key=first", names: at}); len(failed.Items) != 1 || failed.Items[0].StepKey != "first" {
		t.Errorf("failed jobs %+v", failed)
	}
}

func (s *server) tellUploads(t *testing.T, at []string) {
	t.Helper()
	type upload struct {
		UUID             string `json:"uuid"`
		State            string `json:"state"`
		CreatedJobsCount int    `json:"created_jobs_count"`
		DefinitionYAML   string `json:"definition_yaml"`
	}
	all := asking[struct{ Items []upload }](s, asked{row: "builds.step_uploads.list", names: at}).Items
	i := slices.IndexFunc(all, func(u upload) bool { return u.CreatedJobsCount == 1 })
	if i < 0 {
		t.Fatalf("uploads %+v", all)
	}
	one := asking[upload](s, asked{row: "builds.step_uploads.get", names: append(slices.Clone(at), "upload", all[i].UUID)})
	if one.State != all[i].State || !strings.Contains(one.DefinitionYAML, "echo more") {
		t.Errorf("upload %+v", one)
	}
}

func (s *server) tellLogs(t *testing.T, names []string) {
	t.Helper()
	for _, row := range []string{"jobs.log", "jobs.log_org"} {
		whole := asking[struct {
			Content     string
			Size        int
			HeaderTimes []int64 `json:"header_times"`
		}](s, asked{row: row, names: names})
		if whole.Size != len(whole.Content) || len(whole.HeaderTimes) == 0 {
			t.Errorf("%s: %d bytes say they are %d, with %d headers", row, len(whole.Content), whole.Size, len(whole.HeaderTimes))
		}
		for name, a := range map[string]asked{
			"suffix": {suffix: ".txt"}, "header": {header: map[string]string{"Accept": "text/plain"}},
		} {
			a.row, a.names = row, names
			if _, text := s.ask(a); string(text) != whole.Content {
				t.Errorf("%s as text by %s is %q", row, name, text)
			}
		}
		tail, text := s.ask(asked{row: row, names: names, header: map[string]string{"Accept": "text/plain", "Range": "bytes=-9"}})
		if tail.StatusCode != http.StatusPartialContent || string(text) != whole.Content[len(whole.Content)-9:] {
			t.Errorf("%s, its end: %s %q", row, tail.Status, text)
		}
		if _, html := s.ask(asked{row: row, suffix: ".html", names: names}); !strings.Contains(string(html), "<") {
			t.Errorf("%s as HTML is %q", row, html)
		}
		suffix := strings.TrimPrefix(row, "jobs.log")
		if head, body := s.ask(asked{row: "jobs.log_head" + suffix, names: names}); head.ContentLength <= 0 || len(body) != 0 {
			t.Errorf("%s: the head says %d", row, head.ContentLength)
		}
	}
	for _, row := range []string{"jobs.log_delete", "jobs.log_delete_org"} {
		s.ask(asked{row: row, names: names})
	}
}

func (s *server) tellEnv(t *testing.T, names []string) {
	t.Helper()
	for _, row := range []string{"jobs.env", "jobs.env_org"} {
		env := asking[struct{ Env map[string]string }](s, asked{row: row, names: names}).Env
		if env["WHO"] != "rows" || env["BUILDKITE_PULL_REQUEST"] != "7" {
			t.Errorf("%s: %v", row, env)
		}
		if _, text := s.ask(asked{row: row, suffix: ".txt", names: names}); !strings.Contains(string(text), "WHO=") {
			t.Errorf("%s as text is %q", row, text)
		}
	}
}

func (s *server) tellArtifacts(t *testing.T, names []string) {
	t.Helper()
	all := asking[[]struct{ ID, Path string }](s, asked{row: "artifacts.list", names: names})
	if len(all) != 2 {
		t.Fatalf("artifacts %+v", all)
	}
	content := map[string]string{"out/a.txt": "one\n", "out/b.txt": "two\n"}
	for i, suffix := range []string{"", "_org"} {
		one := append(slices.Clone(names), "artifact", all[i].ID)
		if of := asking[[]thing](s, asked{row: "artifacts.list_job" + suffix, names: names}); len(of) != 2-i { // the others are deleted
			t.Errorf("artifacts of the job %+v", of)
		}
		if got := asking[struct{ ID, Path string }](s, asked{row: "artifacts.get" + suffix, names: one}); got != all[i] {
			t.Errorf("artifact %+v, want %+v", got, all[i])
		}
		for _, row := range []string{"artifacts.download" + suffix, "artifacts.download_build"} {
			redirect, _ := s.ask(asked{row: row, names: one})
			if got := s.fetch(redirect.Header.Get("Location")); got != content[all[i].Path] {
				t.Errorf("%s: %s is %q", row, all[i].Path, got)
			}
		}
		s.ask(asked{row: "artifacts.delete" + suffix, names: one})
	}
}

// fetch returns what is at an address, which needs no token.
func (s *server) fetch(address string) string {
	s.t.Helper()
	response, err := http.Get(address)
	must(s.t, err)
	defer response.Body.Close()
	var b syncBuffer
	_, err = b.buf.ReadFrom(response.Body)
	must(s.t, err)
	return b.String()
}

func (s *server) tellAnnotations(t *testing.T, names []string) {
	t.Helper()
	for _, suffix := range []string{"", "_job", "_job_org"} {
		made := asking[thing](s, asked{row: "annotations.create" + suffix, body: `{"body": "**Hi**", "style": "info", "priority": 7}`, names: names})
		all := asking[[]struct {
			ID       string
			BodyHTML *string `json:"body_html"`
		}](s, asked{row: "annotations.list" + suffix, query: "omit_body=true", names: names})
		if len(all) != 1 || all[0].ID != made.ID || all[0].BodyHTML != nil {
			t.Errorf("annotations%s: %+v", suffix, all)
		}
		s.ask(asked{row: "annotations.delete" + suffix, names: append(slices.Clone(names), "annotation", made.ID)})
	}
}

// tellRetries retries, reprioritizes and unblocks by the addresses below the organization, and retries all that failed.
func (s *server) tellRetries(t *testing.T, at []string, failed string) {
	t.Helper()
	again := asking[thing](s, asked{row: "jobs.retry_org", names: []string{"job", failed}})
	if again.ID == failed || again.StepKey != "first" {
		t.Errorf("retried %+v", again)
	}
	s.waitForJobs(at[1], 1, map[string]string{"first": "failed"})
	type counted struct {
		RetriedJobsCount int `json:"retried_jobs_count"`
	}
	if all := asking[counted](s, asked{row: "builds.retry_failed_jobs", body: `{"states": "failed"}`, names: at}); all.RetriedJobsCount != 1 {
		t.Errorf("retried all that failed: %+v", all)
	}
	s.waitForJobs(at[1], 1, map[string]string{"first": "failed"})
	p := s.pipeline("Waits", "https://example.org/x.git", `
steps:
  - { command: make, agents: { gpu: many }, signature: { value: a..b, algorithm: EdDSA, signed_fields: [command] } }
  - { block: Go, key: go, depends_on: [] }
`)
	s.ask(asked{row: "builds.create", body: `{"commit": "HEAD", "branch": "main"}`, names: []string{"pipeline", p.Slug}})
	b := s.get(p.Slug, 1)
	waits := b.Jobs[0]
	if signed := waits.Step; signed == nil || signed.Signature == nil || signed.Signature.Value != "a..b" || signed.Signature.Algorithm != "EdDSA" {
		t.Errorf("signed step %+v", waits.Step)
	}
	moved := asking[struct{ Priority struct{ Number int } }](s, asked{row: "jobs.reprioritize_org", body: `{"priority": 9}`, names: []string{"job", waits.ID}})
	if moved.Priority.Number != 9 {
		t.Errorf("moved %+v", moved)
	}
	if done := asking[thing](s, asked{row: "jobs.unblock_org", names: []string{"job", job(t, b, "go").ID}}); done.State != "unblocked" {
		t.Errorf("unblocked %+v", done)
	}
}
