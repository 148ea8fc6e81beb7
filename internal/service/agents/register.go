package agents

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/dispatch"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// Limits of what an agent may say of itself.
const (
	maxAgentName  = 255 // bytes
	maxAgentField = 255 // bytes of host name, version, architecture and the like
	maxAgentOS    = 4096
	maxTags       = 200
	maxTag        = 512 // bytes
	maxFeatures   = 100
)

// Registration is what an agent says of itself when it registers (docs/contract/agent-api.md, section 5).
type Registration struct {
	// Name may hold %hostname, %pid and %random; empty asks for a name of the server's choice.
	Name     string
	Hostname string
	// OS is free text of several lines, such as the content of /etc/os-release.
	OS        string
	Arch      string
	Version   string
	Build     string
	MachineID string
	PID       int64
	// Priority is an integer as text; empty is none.
	Priority string
	// Tags are `key=value` or a bare key; `queue=…` chooses the queue.
	Tags               []string
	Features           []string
	IgnoreInDispatches bool
	UserAgent          string
}

// Register makes an agent of whoever holds a cluster token, and returns the secret of its session. An unknown queue is
// Invalid, as is a cluster without a default one when no queue is named.
func (s *Service) Register(ctx context.Context, clusterToken, ip string, r Registration) (store.Agent, string, error) {
	priority, err := r.check()
	if err != nil {
		return store.Agent{}, "", err
	}
	var random [ids.TokenBytes]byte
	rand.Read(random[:]) // never fails
	session := ids.Token(ids.SessionTokenPrefix, random)

	var agent store.Agent
	err = s.store.Write(ctx, func(tx *sqldb.Tx) error {
		token, err := usableToken(ctx, tx, clusterToken, tx.Now())
		if err != nil {
			return err
		}
		if !access.AllowsAddress(token.AllowedIPAddresses, ip) {
			return fault.New(fault.Forbidden, "This agent token may not be used from the address %s. Add it to the token's allowed IP addresses.", ip)
		}
		queue, err := chooseQueue(ctx, tx, token, r.Tags)
		if err != nil {
			return err
		}
		agent = r.agent()
		agent.ID, agent.State, agent.CreatedAt = store.NewID(), store.AgentNeverConnected, tx.Now()
		agent.OrganizationID, agent.ClusterID, agent.QueueID = token.OrganizationID, token.ClusterID, queue.ID
		agent.TokenID, agent.SessionHash, agent.IPAddress = &token.ID, ids.HashToken(session), ip
		agent.Priority = priority
		agent.Tags = withQueueTag(r.Tags, queue.Key)
		return store.InsertAgent(ctx, tx, agent)
	})
	if err != nil {
		return store.Agent{}, "", fmt.Errorf("register agent %q: %w", r.Name, err)
	}
	return agent, session, nil
}

// check validates a registration and returns its priority.
func (r Registration) check() (*int64, error) {
	if len(r.Tags) > maxTags {
		return nil, fault.New(fault.Invalid, "An agent can have at most %d tags", maxTags)
	}
	for _, text := range slices.Concat(r.Tags, r.Features, []string{
		r.Name, r.Hostname, r.OS, r.Arch, r.Version, r.Build, r.MachineID, r.UserAgent,
	}) {
		if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			return nil, fault.New(fault.Invalid, "What an agent says of itself must be UTF-8 text without NUL characters")
		}
	}
	for _, tag := range r.Tags {
		if len(tag) > maxTag {
			return nil, fault.New(fault.Invalid, "An agent's tags can have at most %d bytes, and %.40q… is longer", maxTag, tag)
		}
	}
	if len(r.Name) > maxAgentName {
		return nil, fault.New(fault.Invalid, "An agent's name can have at most %d bytes", maxAgentName)
	}
	if r.Priority == "" {
		return nil, nil
	}
	priority, err := strconv.ParseInt(r.Priority, 10, 64)
	if err != nil {
		return nil, fault.New(fault.Invalid, "The priority of an agent must be an integer, and %.40q is not", r.Priority)
	}
	return &priority, nil
}

// agent is the row's part that comes from the registration alone. What is only shown to people is cut to size.
func (r Registration) agent() store.Agent {
	return store.Agent{
		Name:               cut(expandName(r.Name, r.Hostname, r.PID, strings.ToLower(rand.Text()[:6])), maxAgentName),
		Hostname:           cut(r.Hostname, maxAgentField),
		OS:                 cut(r.OS, maxAgentOS),
		Arch:               cut(r.Arch, maxAgentField),
		Version:            cut(r.Version, maxAgentField),
		Build:              cut(r.Build, maxAgentField),
		UserAgent:          cut(r.UserAgent, maxAgentField),
		MachineID:          cut(r.MachineID, maxAgentField),
		PID:                r.PID,
		Features:           r.features(),
		IgnoreInDispatches: r.IgnoreInDispatches,
	}
}

func (r Registration) features() []string {
	features := []string{}
	for _, f := range r.Features[:min(len(r.Features), maxFeatures)] {
		features = append(features, cut(f, maxAgentField))
	}
	return features
}

// expandName fills in a name's placeholders and invents one for an agent that has none.
func expandName(name, hostname string, pid int64, random string) string {
	if strings.TrimSpace(name) == "" {
		name = "agent-%random"
		if hostname != "" {
			name = "%hostname-%random"
		}
	}
	return strings.NewReplacer("%hostname", hostname, "%pid", strconv.FormatInt(pid, 10), "%random", random).Replace(name)
}

// cut shortens a text to a number of bytes without splitting a character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

// chooseQueue finds the queue that an agent's tags name in the cluster of its token, or the cluster's default queue.
func chooseQueue(ctx context.Context, tx *sqldb.Tx, token store.ClusterToken, tags []string) (store.Queue, error) {
	cluster, err := store.GetCluster(ctx, tx, token.ClusterID)
	if err != nil {
		return store.Queue{}, err
	}
	key := dispatch.Queue(tags)
	if key == "" {
		if cluster.DefaultQueueID == nil {
			return store.Queue{}, fault.New(fault.Invalid, "The cluster %q has no default queue: start the agent with --queue, or set a default queue", cluster.Name)
		}
		return store.GetQueue(ctx, tx, *cluster.DefaultQueueID)
	}
	queue, err := store.QueueByKey(ctx, tx, cluster.ID, key)
	if errors.Is(err, store.ErrNotFound) {
		return store.Queue{}, fault.New(fault.Invalid, "There is no queue %q in the cluster %q: create it, or start the agent with another --queue", key, cluster.Name)
	}
	return queue, err
}

// withQueueTag returns tags in which the queue's is the only `queue=…` one.
func withQueueTag(tags []string, key string) []string {
	out := make([]string, 0, len(tags)+1)
	for _, tag := range tags {
		if name, _, _ := strings.Cut(tag, "="); name != dispatch.QueueKey && strings.TrimSpace(tag) != "" {
			out = append(out, tag)
		}
	}
	return append(out, dispatch.QueueKey+"="+key)
}
