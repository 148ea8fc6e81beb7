package agentapi

import (
	"time"

	"github.com/bridle-ci/bridle/internal/service/agents"
)

type registerBody struct {
	Name               string   `json:"name"`
	Hostname           string   `json:"hostname"`
	OS                 string   `json:"os"`
	Arch               string   `json:"arch"`
	IgnoreInDispatches bool     `json:"ignore_in_dispatches"`
	Priority           string   `json:"priority"`
	Version            string   `json:"version"`
	Build              string   `json:"build"`
	MetaData           []string `json:"meta_data"`
	PID                int64    `json:"pid"`
	MachineID          string   `json:"machine_id"`
	Features           []string `json:"features"`
}

type registered struct {
	ID                string   `json:"id"`
	Name              string   `json:"name"`
	AccessToken       string   `json:"access_token"`
	Endpoint          string   `json:"endpoint"`
	PingInterval      int      `json:"ping_interval"`
	JobStatusInterval int      `json:"job_status_interval"`
	HeartbeatInterval int      `json:"heartbeat_interval"`
	MetaData          []string `json:"meta_data"`
}

func (a *API) register(c *call) error {
	var in registerBody
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	agent, session, err := a.Agents.Register(c.r.Context(), c.token, c.ip(), agents.Registration{
		Name: in.Name, Hostname: in.Hostname, OS: in.OS, Arch: in.Arch, Version: in.Version, Build: in.Build,
		MachineID: in.MachineID, PID: in.PID, Priority: in.Priority, Tags: in.MetaData, Features: in.Features,
		IgnoreInDispatches: in.IgnoreInDispatches, UserAgent: c.r.UserAgent(),
	})
	if err != nil {
		return err
	}
	// The endpoint stays empty: agents keep the one they were started with, which is known to lead here.
	return c.ok(registered{
		ID: agent.ID, Name: agent.Name, AccessToken: session, MetaData: agent.Tags,
		PingInterval:      seconds(a.Intervals.Ping),
		JobStatusInterval: seconds(a.Intervals.JobStatus),
		HeartbeatInterval: seconds(a.Intervals.Heartbeat),
	})
}

// seconds rounds an interval up to whole seconds, of which there is at least one.
func seconds(d time.Duration) int { return max(int((d+time.Second-1)/time.Second), 1) }
