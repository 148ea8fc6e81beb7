package restclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// Queue is a queue of a cluster.
type Queue struct {
	ID        string `json:"id"`
	Key       string `json:"key"`
	ClusterID string `json:"-"`
}

// FindQueue looks a queue up by its key, in the cluster of a name or, without one, in any.
func (c *Client) FindQueue(ctx context.Context, cluster, key string) (Queue, error) {
	var clusters []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := c.call(ctx, http.MethodGet, "/clusters?per_page=100", nil, &clusters); err != nil {
		return Queue{}, err
	}
	for _, in := range clusters {
		if cluster != "" && cluster != in.Name {
			continue
		}
		var queues []Queue
		if err := c.call(ctx, http.MethodGet, "/clusters/"+url.PathEscape(in.ID)+"/queues?per_page=100", nil, &queues); err != nil {
			return Queue{}, err
		}
		for _, q := range queues {
			if q.Key == key {
				q.ClusterID = in.ID
				return q, nil
			}
		}
	}
	if cluster == "" {
		return Queue{}, fmt.Errorf("no cluster has a queue %q; create it or name another with --queue", key)
	}
	return Queue{}, fmt.Errorf("cluster %q has no queue %q; create it or name others with --cluster and --queue", cluster, key)
}

// PauseQueue stops the dispatch of a queue's jobs.
func (c *Client) PauseQueue(ctx context.Context, q Queue) error {
	in := struct {
		Note string `json:"dispatch_paused_note"`
	}{"bridle-swarm measures how fast agents hear that it ends"}
	return c.call(ctx, http.MethodPost, queuePath(q)+"/pause_dispatch", in, nil)
}

// ResumeQueue lets the queue's jobs go.
func (c *Client) ResumeQueue(ctx context.Context, q Queue) error {
	return c.call(ctx, http.MethodPost, queuePath(q)+"/resume_dispatch", nil, nil)
}

func queuePath(q Queue) string {
	return "/clusters/" + url.PathEscape(q.ClusterID) + "/queues/" + url.PathEscape(q.ID)
}

// PauseAgent tells an agent to take no jobs.
func (c *Client) PauseAgent(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPut, "/agents/"+url.PathEscape(id)+"/pause", struct{}{}, nil)
}

// ResumeAgent lets a paused agent take jobs again.
func (c *Client) ResumeAgent(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPut, "/agents/"+url.PathEscape(id)+"/resume", nil, nil)
}
