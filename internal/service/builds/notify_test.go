package builds_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/pipeline"
	"github.com/bridle-ci/bridle/internal/service/builds"
	"github.com/bridle-ci/bridle/internal/store"
)

func (w *world) upload(job store.Job, document string) error {
	w.t.Helper()
	_, err := w.service.Upload(w.t.Context(), job, builds.Upload{ID: store.NewID(), Pipeline: json.RawMessage(document)})
	return err
}

func TestNotificationsAreKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("notify: [{slack: '#a', if: build.state == 'failed'}]\nsteps: [{command: one}]\n")
		job := w.take(w.agent()).Job
		must(t, w.upload(job, `{"steps":["wait"]}`))
		must(t, w.upload(job, `{"notify":[{"email":"dev@example.com"}],"steps":[]}`))
		want := []pipeline.Notification{
			{Slack: &pipeline.Slack{Channels: []string{"#a"}}, If: "build.state == 'failed'"}, {Email: "dev@example.com"},
		}
		if diff := cmp.Diff(want, w.reload(b).Notify); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := w.upload(job, `{"notify":[{"email":"nobody"}],"steps":[]}`); !fault.Is(err, fault.Invalid) {
			t.Errorf("bad notification: %v", err)
		}
		hundred := `{"notify":[` + strings.Repeat(`"github_check",`, 99) + `"github_check"],"steps":[]}`
		for range 4 {
			must(t, w.upload(job, hundred))
		}
		if err := w.upload(job, hundred); !fault.Is(err, fault.Invalid) {
			t.Errorf("too many notifications: %v", err)
		}
		if got := len(w.reload(b).Notify); got != 402 {
			t.Errorf("%d notifications, want 402", got)
		}
	})
}

func TestNotificationsOfSteps(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.build("steps: [{command: one, key: one, notify: [github_check]}, {command: two, key: two}]\n")
		job := w.take(w.agent()).Job
		want := func(step, text string) {
			t.Helper()
			got, err := w.service.ExportStep(t.Context(), job, step, "", "notify", "json")
			must(t, err)
			if got != text {
				t.Errorf("notify of %s is %s, want %s", step, got, text)
			}
		}
		update := func(attribute, value string, appendTo bool, id string) error {
			return w.service.UpdateStep(t.Context(), job, "one", "", attribute, value, appendTo, id)
		}
		want("one", `[{"github_check":{}}]`)
		want("two", `[]`)
		for range 2 { // agents repeat what they got no answer to
			must(t, update("notify", `[{"slack":"#a"}]`, true, "first"))
			must(t, update("notify.github_check.output.summary", "good", true, "second"))
			must(t, update("notify.github_check.output.title", "T", false, "third"))
		}
		want("one", `[{"github_check":{"output":{"title":"T","summary":"good"}}},{"slack":{"channels":["#a"]}}]`)
		for i, attribute := range []string{"notify", "notify.slack.message", "notifying"} {
			if err := update(attribute, "x", false, fmt.Sprint("bad", i)); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", attribute, err)
			}
		}
	})
}

// TestAgentsOfTheConfigurationReachUploads: docs/contract/pipelines.md, section 2.9, last row.
func TestAgentsOfTheConfigurationReachUploads(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		b := w.build("agents: {os: linux}\nsteps: [{command: one}]\n")
		job := w.take(w.agent(func(a *store.Agent) { a.Tags = append(a.Tags, "os=linux") })).Job
		must(t, w.upload(job, `{"agents":{"os":"mac"},"steps":[{"command":"its own"}]}`))
		must(t, w.upload(job, `{"steps":[{"command":"inherits"},{"command":"step's","agents":["os=windows"]}]}`))
		got := map[string]string{}
		for _, j := range w.jobs(b) {
			got[j.Spec.Command] = strings.Join(j.Spec.Agents, " ")
		}
		want := map[string]string{"one": "os=linux", "its own": "os=mac", "inherits": "os=linux", "step's": "os=windows"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
