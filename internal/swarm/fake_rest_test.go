package swarm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// headSize is an answer to HEAD: the length a body would have.
type headSize int64

// rest adds the calls of REST.
func (f *fake) rest(on func(pattern, name string, handle func(*http.Request) (any, error))) {
	const organization = " /v2/organizations/fake"
	admitted := func(handle func(*http.Request) (any, error)) func(*http.Request) (any, error) {
		return func(r *http.Request) (any, error) {
			if r.Header.Get("Authorization") != "Bearer "+fakeAPIToken {
				return nil, errorAnswer{http.StatusUnauthorized, "Authentication required"}
			}
			return handle(r)
		}
	}
	add := func(method, path, name string, handle func(*http.Request) (any, error)) {
		on(method+organization+path, name, admitted(handle))
	}
	add("GET", "/clusters", "clusters", func(*http.Request) (any, error) {
		return []map[string]string{{"id": "cluster-1", "name": "Empty"}, {"id": "cluster-2", "name": "Default"}}, nil
	})
	add("GET", "/clusters/{cluster}/queues", "queues", func(r *http.Request) (any, error) {
		if r.PathValue("cluster") == "cluster-1" {
			return []string{}, nil
		}
		return []map[string]string{{"id": "queue-1", "key": "other"}, {"id": "queue-2", "key": "default"}}, nil
	})
	add("POST", "/clusters/cluster-2/queues/queue-2/pause_dispatch", "pause queue", func(*http.Request) (any, error) {
		f.paused = true
		return nil, nil
	})
	add("POST", "/clusters/cluster-2/queues/queue-2/resume_dispatch", "resume queue", func(*http.Request) (any, error) {
		f.paused = false
		f.dispatch()
		return nil, nil
	})
	add("PUT", "/agents/{agent}/pause", "pause agent", f.tell(true))
	add("PUT", "/agents/{agent}/resume", "resume agent", f.tell(false))
	add("GET", "/pipelines/{pipeline}", "get pipeline", f.getPipeline)
	add("POST", "/pipelines", "create pipeline", f.createPipeline)
	add("POST", "/pipelines/{pipeline}/builds", "create build", f.createBuild)
	add("GET", "/pipelines/{pipeline}/builds", "list builds", f.listBuilds)
	add("GET", "/pipelines/{pipeline}/builds/{build}", "get build", f.getBuild)
	add("GET", "/jobs/{job}", "get job", f.getJob)
	add("PUT", "/pipelines/{pipeline}/builds/{build}/cancel", "cancel build", f.getBuild)
	add("HEAD", "/jobs/{job}/log", "log size", func(r *http.Request) (any, error) {
		return headSize(f.jobs[r.PathValue("job")].log), nil
	})
}

// tell sends an agent a pause or its end over its stream.
func (f *fake) tell(pause bool) func(*http.Request) (any, error) {
	order := resumeOrder
	if pause {
		order = pauseOrder
	}
	return func(r *http.Request) (any, error) {
		a := f.agents["session-"+r.PathValue("agent")]
		if a == nil || a.orders == nil {
			return nil, errorAnswer{http.StatusNotFound, "No agent found"}
		}
		a.orders <- order
		return nil, nil
	}
}

func (f *fake) getPipeline(r *http.Request) (any, error) {
	if f.pipelines[r.PathValue("pipeline")] == 0 {
		return nil, errorAnswer{http.StatusNotFound, "No pipeline found"}
	}
	return map[string]string{"slug": r.PathValue("pipeline")}, nil
}

func (f *fake) createPipeline(r *http.Request) (any, error) {
	var in struct {
		Name          string `json:"name"`
		ClusterID     string `json:"cluster_id"`
		Repository    string `json:"repository"`
		Configuration string `json:"configuration"`
	}
	err := json.NewDecoder(r.Body).Decode(&in)
	steps := strings.Count(in.Configuration, "command:")
	if err != nil || in.ClusterID != "cluster-2" || in.Repository == "" || steps == 0 {
		return nil, f.violate("pipeline is %+v, %v", in, err)
	}
	if f.stepsPerBuild > 0 {
		steps = f.stepsPerBuild
	}
	f.pipelines[in.Name] = steps
	return map[string]string{"slug": in.Name}, nil
}

func (f *fake) createBuild(r *http.Request) (any, error) {
	type job struct {
		ID   string `json:"id,omitempty"`
		Type string `json:"type"`
	}
	jobs, ids := []job{{Type: "waiter"}}, []string(nil)
	number := len(f.builds) + 1
	for i := range f.pipelines[r.PathValue("pipeline")] {
		id := fmt.Sprintf("job-%d-%d", number, i+1)
		jobs, ids = append(jobs, job{id, "script"}), append(ids, id)
		f.jobs[id] = &fakeJob{state: "scheduled"}
	}
	f.builds, f.waiting = append(f.builds, ids), append(f.waiting, ids...)
	f.dispatch()
	return map[string]any{"number": number, "state": "scheduled", "jobs": jobs}, nil
}

// listBuilds knows a single page.
func (f *fake) listBuilds(*http.Request) (any, error) {
	type job struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	type build struct {
		Number int   `json:"number"`
		Jobs   []job `json:"jobs"`
	}
	list := []build{}
	for i, ids := range f.builds {
		b := build{Number: i + 1}
		for _, id := range ids {
			b.Jobs = append(b.Jobs, job{id, "script"})
		}
		list = append(list, b)
	}
	return list, nil
}

func (f *fake) getJob(r *http.Request) (any, error) {
	if f.jobs[r.PathValue("job")] == nil {
		return nil, errorAnswer{http.StatusNotFound, "No job found"}
	}
	return map[string]string{"id": r.PathValue("job")}, nil
}

func (f *fake) getBuild(r *http.Request) (any, error) {
	number, err := strconv.Atoi(r.PathValue("build"))
	if err != nil || number < 1 || number > len(f.builds) {
		return nil, errorAnswer{http.StatusNotFound, "No build found"}
	}
	state := "passed"
	for _, id := range f.builds[number-1] {
		if f.stuck || f.jobs[id].state != "finished" {
			state = "running"
		}
	}
	return map[string]any{"number": number, "state": state}, nil
}
