package compat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/buildkite/go-buildkite/v4"

	"github.com/bridle-ci/bridle/internal/platform/config"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// signingKeys makes a pair of keys with the official tool.
func signingKeys(t *testing.T) (private, public string) {
	t.Helper()
	folder := t.TempDir()
	private, public = filepath.Join(folder, "private.json"), filepath.Join(folder, "public.json")
	output, err := exec.Command(agentBinary, "tool", "keygen", "--key-id", "test",
		"--private-jwks-file", private, "--public-jwks-file", public).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return private, public
}

// signer starts an agent that signs what its jobs upload, and runs the uploads of a queue of its own only: steps of a
// stored configuration carry no signature.
func signer(t *testing.T, s *server, private string) {
	t.Helper()
	startAgent(t, s, "signer", "--signing-jwks-file", private, "--tags", "role=signer", "--queue", "signing")
}

// verifier starts an agent that runs nothing without a good signature.
func verifier(t *testing.T, s *server, public string) {
	t.Helper()
	startAgent(t, s, "verifier", "--verification-jwks-file", public)
}

// signedPipeline is a pipeline whose one stored step uploads a file, on a queue where signatures are not asked for.
func signedPipeline(t *testing.T, s *server, repo string) buildkite.Pipeline {
	t.Helper()
	c, ctx := s.client(), t.Context()
	clusters, _, err := c.Clusters.List(ctx, organization, nil)
	must(t, err)
	_, _, err = c.ClusterQueues.Create(ctx, organization, clusters[0].ID, buildkite.ClusterQueueCreate{Key: "signing"})
	must(t, err)
	return s.pipeline("Signed", repo, "steps:\n  - {label: Upload, command: buildkite-agent pipeline upload signed.yml, agents: {queue: signing}}\n")
}

func TestSignedPipeline(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, s *server) {
		signed, err := os.ReadFile("testdata/signed.yml")
		must(t, err)
		plugin := gitPlugin(t)
		repo := repository(t, map[string]string{
			"signed.yml":                  strings.ReplaceAll(string(signed), "GIT_PLUGIN", plugin),
			"plugins/shout/plugin.yml":    "name: Shout\n",
			"plugins/shout/hooks/command": "#!/bin/bash\necho \"SHOUTED $BUILDKITE_PLUGIN_SHOUT_WORD\"\n",
		})
		private, public := signingKeys(t)
		p := signedPipeline(t, s, repo)
		signer(t, s, private)
		verifier(t, s, public)
		b := s.waitForState(p.Slug, s.build(p.Slug, buildkite.CreateBuild{Env: map[string]string{"FROM_BUILD": "yes"}}).Number, "passed")

		logs := map[string]string{}
		var labels []string
		for _, j := range b.Jobs {
			if j.Type != "script" {
				continue
			}
			log := s.log(p.Slug, b.Number, j.ID)
			logs[j.Name] = log
			labels = append(labels, j.Name+" "+j.State)
			if j.Name != "Upload" {
				contains(t, log, "Job signature verified")
				if j.Step == nil || j.Step.Signature == nil || j.Step.Signature.Value == "" || !slices.Contains(j.Step.Signature.SignedFields, "command") {
					t.Errorf("step of %s is shown with the signature %+v", j.Name, j.Step)
				}
			}
		}
		for _, want := range []string{
			"Upload passed", "Plain passed", "Matrix linux 1 passed", "Matrix mac 2 passed", "Local plugin passed",
			"Git plugin passed", "In a group passed", "Flaky failed", "Flaky passed", "Parallel 0 passed", "Parallel 1 passed",
		} {
			if !slices.Contains(labels, want) {
				t.Errorf("no job %q among %q", want, labels)
			}
		}
		contains(t, logs["Plain"], "top of top, own of step, build says yes")
		contains(t, logs["Matrix mac 2"], "on mac with 2, NAME is mac-2")
		contains(t, logs["Local plugin"], "SHOUTED hello")
		contains(t, logs["Git plugin"], `greeted by git at v1 with {"deep":{"count":3,"on":true},"words":["one","two"]}`)
	})
}

// TestTamperedJobIsRefused changes what a signed job is to run behind the agent's back.
func TestTamperedJobIsRefused(t *testing.T) {
	t.Parallel()
	for name, update := range map[string]string{
		"command": `UPDATE jobs SET spec = replace(spec, 'echo honest', 'echo evil') WHERE spec LIKE '%echo honest%'`,
		"env":     `UPDATE jobs SET spec = replace(spec, 'mild', 'wild') WHERE spec LIKE '%echo honest%'`,
		"step":    `UPDATE steps SET settings = replace(settings, 'echo honest', 'echo evil') WHERE settings LIKE '%echo honest%'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t)
			repo := repository(t, map[string]string{
				"signed.yml": "steps:\n  - {label: Honest, key: honest, command: echo honest, env: {TEMPER: mild}}\n",
			})
			private, public := signingKeys(t)
			p := signedPipeline(t, s, repo)
			signer(t, s, private)
			n := s.build(p.Slug, buildkite.CreateBuild{}).Number
			s.waitFor(p.Slug, n, "signed job to wait", func(b buildkite.Build) bool {
				return len(b.Jobs) == 2 && b.Jobs[0].State == "passed" && b.Jobs[1].State == "scheduled"
			})
			s.tamper(update)
			verifier(t, s, public)
			wantRefused(t, s, p.Slug, n, "honest")
		})
	}
}

func TestUnsignedJobIsRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	_, public := signingKeys(t)
	p := s.pipeline("Unsigned", repository(t, map[string]string{"a": "b"}), "steps:\n  - {key: unsigned, command: echo one}\n  - {wait: ~}\n  - {command: echo two}\n")
	n := s.build(p.Slug, buildkite.CreateBuild{}).Number
	verifier(t, s, public)
	wantRefused(t, s, p.Slug, n, "unsigned")
}

// TestSignedJobNeedsAKey runs a signed job on an agent that has no key to check it with.
func TestSignedJobNeedsAKey(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	private, _ := signingKeys(t)
	p := signedPipeline(t, s, repository(t, map[string]string{"signed.yml": "steps:\n  - {key: signed, command: echo one}\n"}))
	signer(t, s, private)
	n := s.build(p.Slug, buildkite.CreateBuild{}).Number
	startAgent(t, s, "keyless")
	wantRefused(t, s, p.Slug, n, "signed")
}

func wantRefused(t *testing.T, s *server, pipeline string, number int, key string) {
	t.Helper()
	b := s.waitForState(pipeline, number, "failed")
	j := job(t, b, key)
	var shown struct {
		State        string
		ExitStatus   int    `json:"exit_status"`
		SignalReason string `json:"signal_reason"`
	}
	s.read("/v2/organizations/"+organization+"/jobs/"+j.ID, &shown)
	if shown.State != "failed" || shown.ExitStatus != -1 || shown.SignalReason != "signature_rejected" {
		t.Errorf("job is shown as %+v", shown)
	}
}

// read decodes what REST answers where the official client does not know all keys.
func (s *server) read(path string, into any) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	must(s.t, err)
	request.Header.Set("Authorization", "Bearer "+apiToken)
	response, err := s.http().Do(request)
	must(s.t, err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s", path, response.Status)
	}
	must(s.t, json.NewDecoder(response.Body).Decode(into))
}

// database is the URL of what the server keeps its state in.
func (s *server) database() string {
	if i := slices.Index(s.args, "--database"); i >= 0 {
		return s.args[i+1]
	}
	return "sqlite://" + filepath.Join(s.args[slices.Index(s.args, "--data")+1], config.DatabaseFile)
}

// tamper changes the server's database through a connection of its own.
func (s *server) tamper(sql string) {
	s.t.Helper()
	ctx := context.Background()
	db, err := sqldb.Open(ctx, sqldb.Config{URL: s.database()})
	must(s.t, err)
	defer db.Close()
	must(s.t, db.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, sql)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d rows changed, want 1", n)
		}
		return err
	}))
}
