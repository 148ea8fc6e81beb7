package builds

import (
	"errors"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/dispatch"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
)

// placement finds the queues of a build's cluster, each once.
type placement struct {
	pipeline store.Pipeline
	cluster  store.Cluster
	byKey    map[string]string
}

func (c *change) placement() (*placement, error) {
	if c.place != nil {
		return c.place, nil
	}
	p, err := store.GetPipeline(c.ctx, c.tx, c.build.PipelineID)
	if err != nil {
		return nil, missing(err, "pipeline")
	}
	cluster, err := clusterOf(c.ctx, c.tx, p)
	if err != nil {
		return nil, err
	}
	c.place = &placement{pipeline: p, cluster: cluster, byKey: map[string]string{}}
	return c.place, nil
}

// placeJob decides in which queue a new job waits: the one its query rules name, or else the cluster's default.
func (c *change) placeJob(j *build.Job, rules []string) error {
	p, err := c.placement()
	if err != nil {
		return err
	}
	key := dispatch.Queue(rules)
	if c.AnyAgent {
		key = ""
	}
	if id, known := p.byKey[key]; known {
		j.QueueID = id
		return nil
	}
	id, err := c.findQueue(p.cluster, key)
	if err != nil {
		return err
	}
	p.byKey[key], j.QueueID = id, id
	return nil
}

func (c *change) findQueue(cluster store.Cluster, key string) (string, error) {
	if key == "" {
		if cluster.DefaultQueueID == nil {
			return "", fault.New(fault.Invalid, "The cluster %q has no default queue: add `agents: {queue: …}` to the step, or set a default queue", cluster.Name)
		}
		return *cluster.DefaultQueueID, nil
	}
	queue, err := store.QueueByKey(c.ctx, c.tx, cluster.ID, key)
	if errors.Is(err, store.ErrNotFound) {
		return "", fault.New(fault.Invalid, "There is no queue %q in the cluster %q: create it, or use another queue in `agents`", key, cluster.Name)
	}
	return queue.ID, err
}

// effectiveTimeout is a step's timeout in minutes: its own or else the pipeline's default, capped by the pipeline's
// maximum, which also is what a job without any gets (docs/contract/pipelines.md, section 14).
func (c *change) effectiveTimeout(stepMinutes int) int {
	p, err := c.placement()
	if err != nil {
		return stepMinutes // the event fails with this error when it places the job
	}
	minutes := stepMinutes
	if minutes == 0 && p.pipeline.DefaultTimeoutMinutes != nil {
		minutes = int(*p.pipeline.DefaultTimeoutMinutes)
	}
	if p.pipeline.MaximumTimeoutMinutes != nil {
		most := int(*p.pipeline.MaximumTimeoutMinutes)
		if minutes == 0 || minutes > most {
			minutes = most
		}
	}
	return minutes
}
