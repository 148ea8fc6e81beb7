package schedules_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/schedules"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// builder makes builds without steps, and fails as it is told after it has written something.
type builder struct {
	fail func(in schedules.NewBuild) error
}

func (b *builder) CreateInTx(ctx context.Context, tx *sqldb.Tx, p store.Pipeline, in schedules.NewBuild) (string, error) {
	number, err := store.TakeBuildNumber(ctx, tx, p.ID)
	if err != nil {
		return "", err
	}
	made := store.Build{
		Build:          build.Build{ID: store.NewID(), State: build.Scheduled, CreatedAt: tx.Now()},
		OrganizationID: p.OrganizationID, PipelineID: p.ID, Number: number, Branch: in.Branch, Commit: in.Commit,
		Message: &in.Message, Source: "schedule", Env: in.Env, CreatorID: in.CreatorID, ScheduledAt: &in.ScheduledAt,
	}
	if err := store.InsertBuild(ctx, tx, &made); err != nil {
		return "", err
	}
	if b.fail != nil {
		return made.ID, b.fail(in)
	}
	return made.ID, nil
}

// bundle is a service over a fresh store with one of everything in it.
type bundle struct {
	storetest.World
	t       *testing.T
	store   *store.Store
	queue   *queue.Queue
	service *schedules.Service
	builder *builder
	clock   *storetest.Clock
}

// start is what the clock shows first, a Monday.
var start = storetest.NewClock().Now()

// each runs a test in a fresh world on each engine.
func each(t *testing.T, test func(t *testing.T, b *bundle)) {
	t.Helper()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		b := &bundle{World: storetest.NewWorld(t, st), t: t, store: st, clock: clock}
		b.addNode()
		test(t, b)
	})
}

// addNode makes a service with a queue of its own, as another server on the database has. It takes one task at a time, so
// that others get theirs.
func (b *bundle) addNode() {
	b.builder = &builder{}
	b.queue = queue.New(b.store.DB(), queue.Config{Workers: 1})
	b.service = schedules.New(schedules.Options{Store: b.store, Queue: b.queue, Builder: b.builder})
}

// create makes a schedule of a line.
func (b *bundle) create(cronline string, edit ...func(*schedules.Changes)) schedules.View {
	b.t.Helper()
	in := schedules.Changes{Cronline: patch.To(cronline)}
	for _, f := range edit {
		f(&in)
	}
	v, err := b.service.Create(b.t.Context(), b.AdminActor(), b.Pipeline.Slug, in)
	b.must(err)
	return v
}

func (b *bundle) update(id string, c schedules.Changes) schedules.View {
	b.t.Helper()
	v, err := b.service.Update(b.t.Context(), b.AdminActor(), b.Pipeline.Slug, id, c)
	b.must(err)
	return v
}

func (b *bundle) reload(id string) schedules.View {
	b.t.Helper()
	v, err := b.service.Get(b.t.Context(), b.AdminActor(), b.Pipeline.Slug, id)
	b.must(err)
	return v
}

// wait lets time pass and does all tasks that are due then.
func (b *bundle) wait(d time.Duration) {
	b.t.Helper()
	b.clock.Advance(d)
	b.must(b.queue.Drain(b.t.Context(), b.clock.Now()))
}

// builds returns the pipeline's builds, oldest first.
func (b *bundle) builds() []store.Build {
	b.t.Helper()
	list, err := store.ListBuilds(b.t.Context(), b.store.Read(), store.BuildFilter{PipelineID: b.Pipeline.ID}, store.Page{Limit: 1000})
	b.must(err)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// wantBuilds fails the test unless there are builds for these times and no others, with numbers without gaps.
func (b *bundle) wantBuilds(want ...string) {
	b.t.Helper()
	var got []string
	for i, made := range b.builds() {
		got = append(got, made.ScheduledAt.Format(minutes))
		if made.Number != int64(i+1) {
			b.t.Errorf("build %d is for %s, want number %d", made.Number, made.ScheduledAt, i+1)
		}
	}
	b.same("builds", got, want)
}

// minutes is the form of times in these tests.
const minutes = "2006-01-02 15:04"

// wantNext fails the test unless a schedule's next build is then; empty is never.
func (b *bundle) wantNext(id, want string) {
	b.t.Helper()
	got := ""
	if next := b.reload(id).NextBuildAt; next != nil {
		got = next.Format(minutes)
	}
	b.same("next build", got, want)
}

// enqueue adds a task for a schedule beside its own.
func (b *bundle) enqueue(scheduleID, key string) {
	b.t.Helper()
	payload, err := json.Marshal(map[string]string{"schedule_id": scheduleID})
	b.must(err)
	storetest.Write(b.t, b.store, func(tx *sqldb.Tx) error {
		return b.queue.Enqueue(b.t.Context(), tx, queue.Task{Kind: "schedules.fire", Key: key, Payload: payload})
	})
}

func (b *bundle) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bundle) same(what string, got, want any) {
	b.t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		b.t.Errorf("%s (-want +got):\n%s", what, diff)
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
