package schedules_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/patch"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/service/schedules"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestFire(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly", func(in *schedules.Changes) {
			in.Message, in.Commit, in.Branch = patch.To("Build it"), patch.To("abc"), patch.To("next")
			in.Env = patch.To(map[string]string{"A": "1"})
		})
		b.wait(29 * time.Minute)
		b.wantBuilds()
		b.wait(time.Minute)
		b.wantBuilds("2026-08-03 10:00")
		b.wantNext(v.ID, "2026-08-03 11:00")
		b.wait(0)
		b.wantBuilds("2026-08-03 10:00")
		b.wait(time.Hour + 59*time.Second)
		b.wantBuilds("2026-08-03 10:00", "2026-08-03 11:00")

		got := b.builds()[0]
		b.same("source, branch and commit", []string{got.Source, got.Branch, got.Commit, *got.Message}, []string{"schedule", "next", "abc", "Build it"})
		b.same("env", got.Env, map[string]string{"A": "1"})
		b.same("creator", got.CreatorID, &b.Admin.ID)
	})
}

func TestFireOnTheDefaultBranch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		b.create("@hourly")
		b.wait(time.Hour)
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error {
			b.Pipeline.DefaultBranch = "trunk"
			return store.UpdatePipeline(t.Context(), tx, b.Pipeline)
		})
		b.wait(time.Hour)
		var branches []string
		for _, made := range b.builds() {
			branches = append(branches, made.Branch)
		}
		b.same("branches", branches, []string{"main", "trunk"})
	})
}

func TestFireInTimeZone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("30 2 25 10 * Europe/Berlin") // which clocks show twice in 2026
		b.clock.Advance(time.Date(2026, 10, 25, 0, 29, 0, 0, time.UTC).Sub(start))
		b.wait(0)
		b.wantBuilds()
		b.wait(time.Minute)
		b.wait(time.Hour)
		b.wantBuilds("2026-10-25 00:30")
		b.wantNext(v.ID, "2027-10-25 00:30")
	})
}

func TestMissed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("*/10 * * * *")
		b.wait(3*24*time.Hour + 5*time.Minute)
		b.wantBuilds("2026-08-06 09:30")
		b.wantNext(v.ID, "2026-08-06 09:40")
		b.wait(5 * time.Minute)
		b.wantBuilds("2026-08-06 09:30", "2026-08-06 09:40")
	})
}

func TestFailure(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly")
		b.builder.fail = func(schedules.NewBuild) error {
			return fmt.Errorf("make build: %w", fault.InvalidFields(fault.Field{Field: "branch", Code: "is not built"}, fault.Field{Field: "env", Code: "is bad"}))
		}
		b.wait(30 * time.Minute)
		b.wantBuilds()
		failed := b.reload(v.ID)
		b.same("message", failed.FailedMessage, new("Validation Failed: branch is not built, env is bad"))
		b.same("time", failed.FailedAt, new(start.Add(30*time.Minute)))
		b.same("enabled", failed.Enabled, true)
		b.wantNext(v.ID, "2026-08-03 11:00")

		b.builder.fail = func(schedules.NewBuild) error { return fault.New(fault.Conflict, "Not\x00 %s", make([]byte, 4000)) }
		b.wait(time.Hour)
		failed = b.reload(v.ID)
		b.same("time of the second", failed.FailedAt, new(start.Add(90*time.Minute)))
		b.same("message without what cannot be kept", failed.FailedMessage, new("Not "))

		b.builder.fail = nil
		b.update(v.ID, schedules.Changes{Label: patch.To("Hourly")})
		b.same("failed still", b.reload(v.ID).FailedAt, failed.FailedAt)
		b.wait(time.Hour)
		b.wantBuilds("2026-08-03 12:00")
		healed := b.reload(v.ID)
		if healed.FailedAt != nil || healed.FailedMessage != nil {
			t.Errorf("after a build the failure is %v %v, want none", healed.FailedAt, healed.FailedMessage)
		}
	})
}

func TestArchivedPipeline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly")
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error { return store.ArchivePipeline(t.Context(), tx, b.Pipeline.ID, tx.Now()) })
		b.wait(time.Hour)
		b.wantBuilds()
		b.same("message", b.reload(v.ID).FailedMessage, new("The pipeline is archived: unarchive it to build it again"))
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error { return store.UnarchivePipeline(t.Context(), tx, b.Pipeline.ID) })
		b.wait(time.Hour)
		b.wantBuilds("2026-08-03 11:00")
		b.same("message after", b.reload(v.ID).FailedMessage, (*string)(nil))
	})
}

func TestTrouble(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly")
		trouble := errors.New("disk full")
		tries := 0
		b.builder.fail = func(schedules.NewBuild) error {
			if tries++; tries <= 2 {
				return trouble
			}
			return nil
		}
		b.wait(30 * time.Minute)
		b.wantBuilds()
		b.same("failure while it may pass", b.reload(v.ID).FailedAt, (*time.Time)(nil))
		for range 4 { // more than any pause
			b.wait(time.Minute)
		}
		b.wantBuilds("2026-08-03 10:00")

		tries = 0
		b.builder.fail = func(schedules.NewBuild) error {
			if tries++; tries%2 == 0 {
				panic("out of order")
			}
			return fault.New(fault.Unavailable, "Later")
		}
		b.wait(time.Hour)
		for range 10 {
			b.wait(time.Minute)
		}
		b.same("tries", tries, 5)
		b.wantNext(v.ID, "2026-08-03 12:00")
		b.same("failure", b.reload(v.ID).FailedMessage, new("The build could not be created because of an error of the server. Its log says more."))

		b.builder.fail = nil
		b.wait(time.Hour)
		b.wantBuilds("2026-08-03 10:00", "2026-08-03 12:00")
	})
}

func TestTimeZoneIsGivenUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("0 * * * * Europe/Berlin")
		b.queue = queue.New(b.store.DB(), queue.Config{})
		b.service = schedules.New(schedules.Options{
			Store: b.store, Queue: b.queue, Builder: b.builder,
			Zones: func(name string) (*time.Location, error) { return nil, errors.New("unknown time zone " + name) },
		})
		b.wait(time.Hour)
		b.wantBuilds()
		b.wantNext(v.ID, "")
		b.same("message", b.reload(v.ID).FailedMessage, new(
			`The cronline "0 * * * * Europe/Berlin" has an unknown time zone "Europe/Berlin": use a name such as Europe/Berlin or an offset such as +09:00`))
		b.update(v.ID, schedules.Changes{Cronline: patch.To("0 * * * * +02:00")})
		b.wait(time.Hour)
		b.wantBuilds("2026-08-03 11:00")
	})
}

func TestDeletedPipeline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		b.create("@hourly")
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error { return store.DeletePipeline(t.Context(), tx, b.Pipeline.ID) })
		b.wait(time.Hour)
		b.wantBuilds()
		b.wantDead(0)
	})
}

// wantDead fails the test unless so many tasks were given up.
func (b *bundle) wantDead(want int) {
	b.t.Helper()
	var got int
	b.must(b.store.Read().QueryRow(b.t.Context(), "SELECT count(*) FROM tasks WHERE state = 'dead'").Scan(&got))
	b.same("dead tasks", got, want)
}

func TestTaskOfNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		for _, payload := range []string{"", "[]", "{"} {
			storetest.Write(t, b.store, func(tx *sqldb.Tx) error {
				return b.queue.Enqueue(t.Context(), tx, queue.Task{Kind: "schedules.fire", Key: payload, Payload: []byte(payload)})
			})
		}
		b.wait(time.Second)
		b.wantDead(3)
	})
}

// TestTaskTooEarly is a task that comes although nothing is due: it waits for its time.
func TestTaskTooEarly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly")
		storetest.Write(t, b.store, func(tx *sqldb.Tx) error { return b.queue.Cancel(t.Context(), tx, "schedules.fire", v.ID) })
		b.enqueue(v.ID, "early")
		b.wait(time.Minute)
		b.wantBuilds()
		b.wait(29 * time.Minute)
		b.wantBuilds("2026-08-03 10:00")
	})
}

// TestTwoNodes has two nodes fire the same schedule at the same moment, again and again.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly")
		nodes := []*queue.Queue{b.queue}
		b.addNode()
		nodes = append(nodes, b.queue)
		b.clock.Advance(-30 * time.Minute)
		var want []string
		for range 10 {
			b.clock.Advance(time.Hour)
			now := b.clock.Now()
			want = append(want, now.Format(minutes))
			b.enqueue(v.ID, "one more")
			b.enqueue(v.ID, "and more")
			both(t, func(ctx context.Context, i int) error { return nodes[i].Drain(ctx, now) })
		}
		b.wantBuilds(want...)
		b.wantDead(0)
	})
}

// both runs something twice at the same time.
func both(t *testing.T, run func(ctx context.Context, i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			if err := run(t.Context(), i); err != nil {
				t.Errorf("node %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// TestChangeWhileFiring moves a schedule while its build is being made: either the build is there and the schedule moved
// on, or it is not and the schedule waits for the new time.
func TestChangeWhileFiring(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		for range 5 {
			v := b.create("0 * * * *")
			before := len(b.builds())
			b.clock.Advance(time.Hour)
			now := b.clock.Now()
			both(t, func(ctx context.Context, i int) error {
				if i == 0 {
					return b.queue.Drain(ctx, now)
				}
				_, err := b.service.Update(ctx, b.AdminActor(), b.Pipeline.Slug, v.ID, schedules.Changes{Cronline: patch.To("15 * * * *")})
				return err
			})
			made := len(b.builds()) - before
			if next := b.reload(v.ID).NextBuildAt; made > 1 || next == nil || next.Minute() != 15 {
				t.Fatalf("%d builds were made, the next is at %v", made, next)
			}
			b.wait(time.Hour)
			b.same("builds after the new time", len(b.builds())-before-made, 1)
			b.must(b.service.Delete(t.Context(), b.AdminActor(), b.Pipeline.Slug, v.ID))
		}
	})
}

func TestPayloadIsStable(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bundle) {
		v := b.create("@hourly")
		var payload []byte
		b.must(b.store.Read().QueryRow(t.Context(), "SELECT payload FROM tasks WHERE kind = 'schedules.fire'").Scan(&payload))
		var got map[string]string
		b.must(json.Unmarshal(payload, &got)) // nodes of the previous version read it, too
		b.same("payload", got, map[string]string{"schedule_id": v.ID})
	})
}
