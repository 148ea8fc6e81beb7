package sqldb_test

import (
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

func TestDurabilityOnPostgres(t *testing.T) {
	t.Parallel()

	base := postgresURL(t)
	// The server of the tests has it off.
	err := open(t, sqldb.Config{URL: base}).Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `DO $$ BEGIN
			EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database());
		END $$`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		durability, parameter string
		want                  string
	}{
		"full":              {sqldb.DurabilityFull, "", "on"},
		"normal":            {sqldb.DurabilityNormal, "", "off"},
		"full with a URL":   {sqldb.DurabilityFull, "&synchronous_commit=local", "local"},
		"normal with a URL": {sqldb.DurabilityNormal, "&synchronous_commit=local", "local"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, sqldb.Config{URL: base + c.parameter, Durability: c.durability})
			var got string
			if err := db.Read().QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&got); err != nil || got != c.want {
				t.Errorf("synchronous_commit is %q, %v, want %q", got, err, c.want)
			}
		})
	}
}
