package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agenttest"
)

// stage is where one scenario plays: a cluster of its own with a queue, so that its agents meet no other scenario's jobs.
type stage struct {
	*world
	ctx     context.Context
	cluster string
	// token is the cluster's agent token.
	token string
	// observer is a job of another build that runs all the while and looks at the scenario's steps.
	observer *agenttest.Job
	named    map[string]*agenttest.Agent
	alive    []*agenttest.Agent
	// runs are the jobs that were accepted, by id.
	runs map[string]run
	// urgency is the priority of the last job that was wanted next.
	urgency int
}

// run is a job on an agent.
type run struct {
	agent *agenttest.Agent
	job   *agenttest.Job
}

func newStage(ctx context.Context, w *world, name string) (*stage, error) {
	s := &stage{world: w, ctx: ctx, named: map[string]*agenttest.Agent{}, runs: map[string]run{}}
	var cluster, queue, token namedObject
	err := errors.Join(
		w.rest(ctx, "POST", "clusters", map[string]string{"name": name}, &cluster),
		w.rest(ctx, "POST", "clusters/"+cluster.ID+"/queues", map[string]string{"key": "default"}, &queue),
		w.rest(ctx, "PATCH", "clusters/"+cluster.ID, map[string]string{"default_queue_id": queue.ID}, &cluster),
		w.rest(ctx, "POST", "clusters/"+cluster.ID+"/tokens", map[string]string{"description": "Agents"}, &token),
	)
	if err != nil {
		return nil, err
	}
	s.cluster, s.token = cluster.ID, token.Token
	return s, s.observe(name)
}

// observe starts the observer.
func (s *stage) observe(name string) error {
	p, err := s.newPipeline(name+" observer", []byte("steps: [{ command: watch }]"), 0)
	if err != nil {
		return err
	}
	var b buildObject
	if err := s.newBuild(p, Create{Branch: "main"}, &b); err != nil {
		return err
	}
	agent, err := s.hire("observer")
	if err != nil {
		return err
	}
	s.observer, err = agent.Next(s.ctx)
	if err == nil && s.observer == nil {
		err = errors.New("the observer got no job")
	}
	return err
}

// newPipeline returns the slug of a new pipeline. Its jobs time out after some minutes, unless that is zero.
func (s *stage) newPipeline(name string, configuration []byte, timeoutMinutes int) (string, error) {
	body := map[string]any{
		"name": name, "repository": "https://example.com/repository.git", "cluster_id": s.cluster,
		"configuration": string(configuration),
	}
	if timeoutMinutes > 0 {
		body["default_command_step_timeout"] = timeoutMinutes
	}
	var p pipelineObject
	err := s.rest(s.ctx, "POST", "pipelines", body, &p)
	return p.Slug, err
}

func (s *stage) newBuild(pipeline string, c Create, out *buildObject) error {
	return s.rest(s.ctx, "POST", "pipelines/"+pipeline+"/builds", map[string]any{
		"commit": "HEAD", "branch": c.Branch, "env": c.Env,
	}, out)
}

// supersede makes a newer build of a pipeline that skips older ones.
func (s *stage) supersede(pipeline, branch string) error {
	var p pipelineObject
	var newer buildObject
	return errors.Join(
		s.rest(s.ctx, "PATCH", "pipelines/"+pipeline, map[string]bool{"skip_queued_branch_builds": true}, &p),
		s.newBuild(pipeline, Create{Branch: branch}, &newer),
		s.drain(s.ctx),
	)
}

// hire starts an agent.
func (s *stage) hire(name string) (*agenttest.Agent, error) {
	server := agenttest.Server{URL: s.app.BaseURL, HTTP: http.DefaultClient}
	a, err := server.Start(s.ctx, s.token, agenttest.Registration{Name: name, ScriptEvalEnabled: true})
	if err != nil {
		return nil, err
	}
	s.alive = append(s.alive, a)
	return a, nil
}

// agent returns the agent of a name, or a new one without.
func (s *stage) agent(name string) (*agenttest.Agent, error) {
	if a := s.named[name]; a != nil {
		return a, nil
	}
	a, err := s.hire(name)
	if name != "" {
		s.named[name] = a
	}
	return a, err
}

// accept has an agent take a job. One that waits becomes the most urgent in the queue, so that the agent is given it when
// it asks for work; one that does not is accepted again by the agent that has it, or by the one that is named.
func (s *stage) accept(j jobObject, name string) error {
	held, isHeld := s.runs[j.ID]
	agent := held.agent
	if name != "" || j.State == "scheduled" {
		var err error
		if agent, err = s.agent(name); err != nil {
			return err
		}
	} else if !isHeld {
		return fmt.Errorf("no agent has the job, which is %s", j.State)
	}
	if j.State == "scheduled" {
		if err := s.offer(agent, j); err != nil {
			return err
		}
	}
	job, err := agent.Accept(s.ctx, j.ID)
	if err != nil {
		return answer(err)
	}
	s.runs[j.ID] = run{agent, job}
	return nil
}

func (s *stage) offer(agent *agenttest.Agent, j jobObject) error {
	s.urgency++
	var changed jobObject
	err := s.rest(s.ctx, "PUT", "jobs/"+j.ID+"/reprioritize", map[string]int{"priority": s.urgency}, &changed)
	if err != nil {
		return err
	}
	ping, err := agent.Ping(s.ctx)
	if err != nil {
		return err
	}
	if ping.Job == nil || ping.Job.ID != j.ID {
		return fmt.Errorf("the agent was told %+v and not to run %s", ping, j.ID)
	}
	return nil
}

// start has the agent of a job start it, taking it first if need be.
func (s *stage) start(j jobObject, name string) error {
	if j.State == "scheduled" {
		if err := s.accept(j, name); err != nil {
			return err
		}
	}
	return s.say(j, http.MethodPut, "start", map[string]string{"started_at": s.now()})
}

// finish ends a job, which is taken and started first when it waits for an agent.
func (s *stage) finish(j jobObject, e Event) error {
	if j.State == "scheduled" {
		if err := s.start(j, ""); err != nil {
			return err
		}
	}
	return s.say(j, http.MethodPut, "finish", map[string]any{
		"exit_status": fmt.Sprint(e.ExitStatus), "signal": e.Signal, "signal_reason": e.Reason, "finished_at": s.now(),
		"chunks_failed_count": 0,
	})
}

func (s *stage) now() string { return s.clock.Now().UTC().Format(time.RFC3339Nano) }

// say makes a call of a job about itself.
func (s *stage) say(j jobObject, method, path string, body any) error {
	r, ok := s.runs[j.ID]
	if !ok {
		return fmt.Errorf("no agent has had the job, which is %s", j.State)
	}
	_, err := r.job.Call(s.ctx, method, path, body, nil)
	return answer(err)
}

// answer makes a *Refused of an answer by which the agent API refuses.
func answer(err error) error {
	var status *agenttest.StatusError
	if errors.As(err, &status) && refusal(status.Status) {
		return &Refused{Message: strings.TrimSpace(status.Message)}
	}
	return err
}
