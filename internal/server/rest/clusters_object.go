package rest

import (
	"github.com/bridle-ci/bridle/internal/server/wire"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store"
)

// clusterObject is the object `cluster`.
type clusterObject struct {
	ID              string             `json:"id"`
	GraphQLID       string             `json:"graphql_id"`
	DefaultQueueID  *string            `json:"default_queue_id"`
	Name            string             `json:"name"`
	Description     *string            `json:"description"`
	Emoji           *string            `json:"emoji"`
	Color           *string            `json:"color"`
	Maintainers     clusterMaintainers `json:"maintainers"`
	URL             string             `json:"url"`
	WebURL          string             `json:"web_url"`
	QueuesURL       string             `json:"queues_url"`
	DefaultQueueURL *string            `json:"default_queue_url"`
	CreatedAt       wire.Time          `json:"created_at"`
	CreatedBy       *userObject        `json:"created_by"`
}

// clusterMaintainers is the object `cluster_maintainers`. There are no teams yet.
type clusterMaintainers struct {
	Users []clusterMaintainer `json:"users"`
	Teams []clusterMaintainer `json:"teams"`
}

// clusterMaintainer is the object `cluster_maintainer`; its id is the permission's and not the user's.
type clusterMaintainer struct {
	ID    string                 `json:"id"`
	Actor clusterMaintainerActor `json:"actor"`
}

type clusterMaintainerActor struct {
	ID        string `json:"id"`
	GraphQLID string `json:"graphql_id"`
	Type      string `json:"type"`
	Name      string `json:"name"`
	Email     string `json:"email"`
}

func (o objects) maintainer(m agents.Maintainer) clusterMaintainer {
	return clusterMaintainer{ID: m.ID, Actor: clusterMaintainerActor{
		ID: m.UserID, GraphQLID: global(userType, m.UserID), Type: "user", Name: m.User.Name, Email: m.User.Email,
	}}
}

func (o objects) cluster(row store.Cluster, maintainers []clusterMaintainer, creator *store.User) clusterObject {
	address := o.urls.cluster(o.org, row.ID)
	return clusterObject{
		ID:              row.ID,
		GraphQLID:       global(clusterType, row.ID),
		DefaultQueueID:  row.DefaultQueueID,
		Name:            row.Name,
		Description:     row.Description,
		Emoji:           row.Emoji,
		Color:           row.Color,
		Maintainers:     clusterMaintainers{Users: maintainers, Teams: []clusterMaintainer{}},
		URL:             address,
		WebURL:          o.urls.clusterWeb(o.org, row.ID),
		QueuesURL:       address + "/queues",
		DefaultQueueURL: o.queueURL(&row.ID, row.DefaultQueueID),
		CreatedAt:       wire.Time(row.CreatedAt),
		CreatedBy:       o.user(creator),
	}
}

// queueObject is the object `cluster_queue`.
type queueObject struct {
	ID                 string      `json:"id"`
	GraphQLID          string      `json:"graphql_id"`
	Key                string      `json:"key"`
	Description        *string     `json:"description"`
	URL                string      `json:"url"`
	WebURL             string      `json:"web_url"`
	ClusterURL         string      `json:"cluster_url"`
	RetryAgentAffinity string      `json:"retry_agent_affinity"`
	DispatchPaused     bool        `json:"dispatch_paused"`
	DispatchPausedBy   *userObject `json:"dispatch_paused_by"`
	DispatchPausedAt   *wire.Time  `json:"dispatch_paused_at"`
	DispatchPausedNote *string     `json:"dispatch_paused_note"`
	CreatedAt          wire.Time   `json:"created_at"`
	CreatedBy          *userObject `json:"created_by"`
}

func (o objects) queue(row store.Queue, creator, pausedBy *store.User) queueObject {
	return queueObject{
		ID:                 row.ID,
		GraphQLID:          global(queueType, row.ID),
		Key:                row.Key,
		Description:        row.Description,
		URL:                o.urls.queue(o.org, row.ClusterID, row.ID),
		WebURL:             o.urls.queueWeb(o.org, row.ClusterID, row.ID),
		ClusterURL:         o.urls.cluster(o.org, row.ClusterID),
		RetryAgentAffinity: row.RetryAgentAffinity,
		DispatchPaused:     row.PausedAt != nil,
		DispatchPausedBy:   o.user(pausedBy),
		DispatchPausedAt:   wire.TimePtr(row.PausedAt),
		DispatchPausedNote: row.PausedNote,
		CreatedAt:          wire.Time(row.CreatedAt),
		CreatedBy:          o.user(creator),
	}
}

// clusterTokenObject is the object `cluster_token`.
type clusterTokenObject struct {
	ID                 string      `json:"id"`
	GraphQLID          string      `json:"graphql_id"`
	Description        string      `json:"description"`
	AllowedIPAddresses *string     `json:"allowed_ip_addresses"`
	ExpiresAt          *wire.Time  `json:"expires_at"`
	URL                string      `json:"url"`
	ClusterURL         string      `json:"cluster_url"`
	CreatedAt          wire.Time   `json:"created_at"`
	CreatedBy          *userObject `json:"created_by"`
	// Token is the secret, in the answer to its creation and nowhere else.
	Token string `json:"token,omitempty"`
}

func (o objects) clusterToken(row store.ClusterToken, creator *store.User) clusterTokenObject {
	return clusterTokenObject{
		ID:                 row.ID,
		GraphQLID:          global(clusterTokenType, row.ID),
		Description:        row.Description,
		AllowedIPAddresses: row.AllowedIPAddresses,
		ExpiresAt:          wire.TimePtr(row.ExpiresAt),
		URL:                o.urls.clusterToken(o.org, row.ClusterID, row.ID),
		ClusterURL:         o.urls.cluster(o.org, row.ClusterID),
		CreatedAt:          wire.Time(row.CreatedAt),
		CreatedBy:          o.user(creator),
	}
}
