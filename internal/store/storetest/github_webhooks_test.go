package storetest_test

import (
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestDisabledWebhooks(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, func(t *testing.T, st *store.Store, clock *storetest.Clock) {
		ctx := t.Context()
		w := storetest.NewWorld(t, st)
		first := store.DisabledWebhooks{PipelineID: w.Pipeline.ID, DisabledAt: clock.Now(), DisabledByID: &w.Admin.ID}
		second := store.DisabledWebhooks{PipelineID: w.Pipeline.ID, DisabledAt: clock.Now().Add(time.Hour)}
		disable := func(d store.DisabledWebhooks) {
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.DisableWebhooks(ctx, tx, d) })
		}
		enable := func() {
			storetest.Write(t, st, func(tx *sqldb.Tx) error { return store.EnableWebhooks(ctx, tx, w.Pipeline.ID) })
		}

		_, err := store.DisabledWebhooksOf(ctx, st.Read(), w.Pipeline.ID)
		fails(t, "at first", err, store.ErrNotFound)
		disable(first)
		disable(second)
		got, err := store.DisabledWebhooksOf(ctx, st.Read(), w.Pipeline.ID)
		same(t, "disabled twice", got, err, first)
		enable()
		enable()
		_, err = store.DisabledWebhooksOf(ctx, st.Read(), w.Pipeline.ID)
		fails(t, "enabled twice", err, store.ErrNotFound)
		disable(second)
		got, err = store.DisabledWebhooksOf(ctx, st.Read(), w.Pipeline.ID)
		same(t, "disabled by nobody", got, err, second)
	})
}
