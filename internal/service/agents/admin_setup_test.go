package agents_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/bus/local"
	"github.com/bridle-ci/bridle/internal/core/access"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/agents"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// bundle is a service over a fresh store with one of everything in it.
type bundle struct {
	storetest.World
	service *agents.Service
	store   *store.Store
	queue   *queue.Queue
	bus     *local.Bus
	clock   *storetest.Clock
	// jobTasks are the tasks about jobs that were handled, as "kind job".
	jobTasks []string
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{clock: storetest.NewClock(), bus: local.New()}
	b.store = storetest.OpenAt(t, b.clock)
	b.World = storetest.NewWorld(t, b.store)
	b.queue = queue.New(b.store.DB(), queue.Config{})
	b.service = agents.New(agents.Options{Store: b.store, Queue: b.queue, Bus: b.bus, Now: b.clock.Now})
	for _, kind := range []string{agents.TaskCancelJob, agents.TaskAgentLost} {
		b.queue.Handle(kind, func(_ context.Context, task queue.Task) error {
			var payload struct {
				JobID string `json:"job_id"`
			}
			err := json.Unmarshal(task.Payload, &payload)
			b.jobTasks = append(b.jobTasks, kind+" "+payload.JobID)
			return err
		})
	}
	return b
}

// maintainer is the world's member with the world's cluster to maintain.
func (b *bundle) maintainer() access.Actor {
	a := b.MemberActor()
	a.Maintains = []string{b.Cluster.ID}
	return a
}

func (b *bundle) drain(t *testing.T) {
	t.Helper()
	if err := b.queue.Drain(t.Context(), b.clock.Now()); err != nil {
		t.Fatal(err)
	}
}

// agent returns an agent's row.
func (b *bundle) agent(t *testing.T, id string) store.Agent {
	t.Helper()
	a, err := store.GetAgent(t.Context(), b.store.Read(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// hints subscribes to a topic; calling the result tells whether there was a hint since the last call.
func (b *bundle) hints(t *testing.T, topic string) func() bool {
	t.Helper()
	events, cancel := b.bus.Subscribe(topic)
	t.Cleanup(cancel)
	return func() bool {
		got := false
		for {
			select {
			case <-events:
				got = true
			default:
				return got
			}
		}
	}
}

// fails fails the test unless err is of a kind and its message holds a text.
func fails(t *testing.T, what string, err error, kind fault.Kind, message string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind || !strings.Contains(f.Message, message) {
		t.Errorf("%s: got %v, want %s %q", what, err, kind, message)
	}
}

// same fails the test unless got is want without an error.
func same[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
	}
}

// constant fails the test unless fn takes no more statements than it may.
func (b *bundle) constant(t *testing.T, what string, most int64, fn func()) {
	t.Helper()
	before := b.store.DB().Statements()
	fn()
	if n := b.store.DB().Statements() - before; n > most {
		t.Errorf("%s took %d statements, want at most %d", what, n, most)
	}
}

func insert(t *testing.T, b *bundle, fn func(ctx context.Context, tx *sqldb.Tx) error) {
	t.Helper()
	storetest.Write(t, b.store, func(tx *sqldb.Tx) error { return fn(t.Context(), tx) })
}

var firstPage = store.Page{Limit: 30}
