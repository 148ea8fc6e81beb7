package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
	"github.com/bridle-ci/bridle/internal/store"
	"gopkg.in/yaml.v3"
)

// Server carries a scenario out on a whole server, through the REST API and the agent API alone.
type Server struct {
	*stage
	name string
	// timeoutMinutes is the timeout of jobs that have none of their own; zero is none.
	timeoutMinutes int
	// pipeline is the slug of the build's pipeline.
	pipeline string
	branch   string
	build    buildObject
	// keys are all keys that documents of the build have mentioned.
	keys map[string]bool
}

var _ Driver = (*Server)(nil)

// Create implements Driver.
func (d *Server) Create(c Create) error {
	if err := d.mention(c.Pipeline); err != nil {
		return err
	}
	var err error
	if d.pipeline, err = d.newPipeline(d.name, c.Pipeline, d.timeoutMinutes); err != nil {
		return unwrapped(err)
	}
	d.branch = c.Branch
	return unwrapped(d.newBuild(d.pipeline, c, &d.build))
}

// unwrapped is a *Refused alone, if there is one in an error.
func unwrapped(err error) error {
	if refused := (*Refused)(nil); errors.As(err, &refused) {
		return refused
	}
	return err
}

// mention notes the keys in a document.
func (d *Server) mention(document []byte) error {
	var root any
	if err := yaml.Unmarshal(document, &root); err != nil {
		return err
	}
	d.collect(root)
	return nil
}

func (d *Server) collect(node any) {
	switch n := node.(type) {
	case []any:
		for _, item := range n {
			d.collect(item)
		}
	case map[string]any:
		if key, ok := n["key"].(string); ok {
			d.keys[key] = true
		}
		for _, value := range n {
			d.collect(value)
		}
	}
}

func (d *Server) path() string {
	return fmt.Sprintf("pipelines/%s/builds/%d", d.pipeline, d.build.Number)
}

func (d *Server) reload() error { return d.rest(d.ctx, "GET", d.path(), nil, &d.build) }

// jobs are the latest attempts of a step's jobs.
func (d *Server) jobs(key string) []jobObject {
	var jobs []jobObject
	for _, j := range d.build.Jobs {
		if j.StepKey == key {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

// Event implements Driver.
func (d *Server) Event(e Event) error {
	d.build.Jobs = nil
	if err := d.reload(); err != nil {
		return err
	}
	switch {
	case e.Subject.Key == "":
		return unwrapped(d.buildEvent(e))
	case e.WholeStep:
		return unwrapped(d.cancelStep(e.Subject.Key, e.Verb == ForceCanceled))
	}
	jobs := d.jobs(e.Subject.Key)
	if e.Subject.Index >= len(jobs) {
		return fmt.Errorf("there is no job %s[%d]", e.Subject.Key, e.Subject.Index)
	}
	return unwrapped(d.jobEvent(e, jobs[e.Subject.Index]))
}

func (d *Server) buildEvent(e Event) error {
	switch e.Verb {
	case Canceled:
		return d.rest(d.ctx, "PUT", d.path()+"/cancel", nil, new(buildObject))
	case Skipped:
		return untold(d.supersede(d.pipeline, d.branch))
	}
	return fmt.Errorf("a build cannot be %s", e.Verb)
}

// untold is ErrUntold unless there is another error.
func untold(err error) error {
	if err != nil {
		return err
	}
	return ErrUntold
}

// cancelStep is what `buildkite-agent step cancel` does. By force, the agents have no time at all.
func (d *Server) cancelStep(key string, force bool) error {
	_, err := d.observer.Call(d.ctx, http.MethodPost, "/steps/"+url.PathEscape(key)+"/cancel", map[string]any{
		"build_id": d.build.ID, "force": force, "force_grace_period": 0,
	}, nil)
	if err != nil || !force {
		return answer(err)
	}
	return d.drain(d.ctx)
}

func (d *Server) jobEvent(e Event, j jobObject) error {
	switch e.Verb {
	case Accepted:
		return d.accept(j, e.Agent)
	case Started:
		return d.start(j, e.Agent)
	case Finished:
		return d.finish(j, e)
	case Promised:
		return d.say(j, http.MethodPut, "promise_failure", map[string]any{"exit_status": e.ExitStatus, "reason": e.Reason})
	case Uploads:
		return d.upload(j, e)
	case Canceled:
		return d.cancelJob(e.Subject.Key)
	case Retried:
		return d.rest(d.ctx, "PUT", "jobs/"+j.ID+"/retry", nil, new(jobObject))
	case Unblocked:
		return d.rest(d.ctx, "PUT", "jobs/"+j.ID+"/unblock", struct{}{}, new(jobObject))
	case Returned:
		return d.pass(untilReturned, tick)
	case Lost:
		return d.lose(j)
	case TimedOut:
		return d.pass(untilTimedOut, tick)
	case Expired:
		return d.pass(untilExpired, untilExpired)
	case Child:
		return d.childEvent(e, j)
	}
	return fmt.Errorf("a job cannot be %s", e.Verb)
}

// cancelJob cancels a job by its step, since neither API has a call for a single one: it must be the step's only one.
func (d *Server) cancelJob(key string) error {
	if n := len(d.jobs(key)); n != 1 {
		return fmt.Errorf("the step has %d jobs, and one of several cannot be canceled", n)
	}
	return d.cancelStep(key, false)
}

func (d *Server) upload(j jobObject, e Event) error {
	if err := d.mention(e.Document); err != nil {
		return err
	}
	var document any
	if err := yaml.Unmarshal(e.Document, &document); err != nil {
		return err
	}
	return d.say(j, http.MethodPost, "pipelines?async=true", map[string]any{
		"uuid": store.NewID(), "pipeline": document, "replace": e.Replace,
	})
}

// States implements Driver.
func (d *Server) States() (States, error) {
	s := States{Jobs: map[string][]JobStatus{}, Steps: map[string]StepStatus{}}
	if d.build.ID == "" {
		return s, nil // it was refused
	}
	d.build = buildObject{Number: d.build.Number}
	if err := d.reload(); err != nil {
		return s, err
	}
	s.Build = d.build.State
	if d.build.Blocked {
		s.Build, s.BlockedState = "blocked", d.build.State
	}
	for _, j := range d.build.Jobs {
		s.Jobs[j.StepKey] = append(s.Jobs[j.StepKey], JobStatus{
			State: j.State, ExitStatus: j.ExitStatus, SoftFailed: j.SoftFailed, Reason: j.BrokenReason,
			Retries: j.RetriesCount, Unblockable: j.Unblockable,
			Limited: j.Type == "script" && j.State == "scheduled" && j.RunnableAt == "",
		})
	}
	for _, key := range slices.Sorted(maps.Keys(d.keys)) {
		status, found, err := d.step(key)
		if err != nil {
			return s, err
		}
		if found {
			s.Steps[key] = status
		}
	}
	return s, nil
}

// step is what `buildkite-agent step get` answers.
func (d *Server) step(key string) (status StepStatus, found bool, err error) {
	var out struct{ Output string }
	_, err = d.observer.Call(d.ctx, http.MethodPost, "/steps/"+url.PathEscape(key)+"/export", map[string]string{
		"build_id": d.build.ID,
	}, &out)
	if agenttest.Status(err) == http.StatusNotFound {
		return StepStatus{}, false, nil
	}
	if err != nil {
		return StepStatus{}, false, err
	}
	return status, true, json.Unmarshal([]byte(out.Output), &status)
}
