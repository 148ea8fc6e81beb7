package rest

import (
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/store"
)

// agentObject is the object `agent`.
type agentObject struct {
	ID                     string           `json:"id"`
	GraphQLID              string           `json:"graphql_id"`
	URL                    string           `json:"url"`
	WebURL                 string           `json:"web_url"`
	Name                   string           `json:"name"`
	ConnectionState        store.AgentState `json:"connection_state"`
	Hostname               *string          `json:"hostname"`
	IPAddress              *string          `json:"ip_address"`
	UserAgent              *string          `json:"user_agent"`
	Version                *string          `json:"version"`
	OSID                   *string          `json:"os_id"`
	Arch                   *string          `json:"arch"`
	Queue                  *string          `json:"queue"`
	Creator                *userObject      `json:"creator"`
	CreatedAt              wire.Time        `json:"created_at"`
	ConnectedAt            *wire.Time       `json:"connected_at"`
	DisconnectedAt         *wire.Time       `json:"disconnected_at"`
	LostAt                 *wire.Time       `json:"lost_at"`
	StoppedAt              *wire.Time       `json:"stopped_at"`
	Job                    *scriptJob       `json:"job"`
	LastJobFinishedAt      *wire.Time       `json:"last_job_finished_at"`
	Priority               *int64           `json:"priority"`
	MetaData               []string         `json:"meta_data"`
	Paused                 bool             `json:"paused"`
	PausedAt               *wire.Time       `json:"paused_at"`
	PausedBy               *userObject      `json:"paused_by"`
	PausedNote             *string          `json:"paused_note"`
	PausedTimeoutInMinutes *int64           `json:"paused_timeout_in_minutes"`
	ClusterID              *string          `json:"cluster_id"`
	ClusterURL             *string          `json:"cluster_url"`
	ClusterQueueID         *string          `json:"cluster_queue_id"`
	ClusterQueueURL        *string          `json:"cluster_queue_url"`
}

// agentParts is what an agent's object shows beside its row; any of it may be missing.
type agentParts struct {
	queueKey          string
	creator, pausedBy *store.User
	job               *scriptJob
}

func (o objects) agent(row store.Agent, with agentParts) *agentObject {
	tags := row.Tags
	if tags == nil {
		tags = []string{}
	}
	return &agentObject{
		ID:                     row.ID,
		GraphQLID:              global(agentType, row.ID),
		URL:                    o.urls.agent(o.org, row.ID),
		WebURL:                 o.urls.agentWeb(o.org, row.ClusterID, row.QueueID, row.ID),
		Name:                   row.Name,
		ConnectionState:        row.State,
		Hostname:               orNull(row.Hostname),
		IPAddress:              orNull(row.IPAddress),
		UserAgent:              orNull(row.UserAgent),
		Version:                orNull(row.Version),
		OSID:                   orNull(osID(row.UserAgent, row.OS)),
		Arch:                   orNull(row.Arch),
		Queue:                  orNull(with.queueKey),
		Creator:                o.user(with.creator),
		CreatedAt:              wire.Time(row.CreatedAt),
		ConnectedAt:            wire.TimePtr(row.ConnectedAt),
		DisconnectedAt:         wire.TimePtr(row.DisconnectedAt),
		LostAt:                 wire.TimePtr(row.LostAt),
		StoppedAt:              wire.TimePtr(row.StoppedAt),
		Job:                    with.job,
		LastJobFinishedAt:      wire.TimePtr(row.LastJobFinishedAt),
		Priority:               row.Priority,
		MetaData:               tags,
		Paused:                 row.PausedAt != nil,
		PausedAt:               wire.TimePtr(row.PausedAt),
		PausedBy:               o.user(with.pausedBy),
		PausedNote:             row.PausedNote,
		PausedTimeoutInMinutes: row.PausedTimeoutMinutes,
		ClusterID:              orNull(row.ClusterID),
		ClusterURL:             o.clusterURL(orNull(row.ClusterID)),
		ClusterQueueID:         orNull(row.QueueID),
		ClusterQueueURL:        o.queueURL(orNull(row.ClusterID), orNull(row.QueueID)),
	}
}
