package storetest_test

import (
	"os"
	"strings"
	"testing"
)

// The queue keeps its tables' definition beside its code and tests; the first migration has to make the same ones.
func TestMigrationsMakeTheQueuesTables(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		schema, err := os.ReadFile("../../queue/schema/" + engine + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		migration, err := os.ReadFile("../migrations/" + engine + "/00001_initial.sql")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(migration), strings.TrimSpace(string(schema))) {
			t.Errorf("the first migration of %s does not have the tables of queue/schema/%s.sql", engine, engine)
		}
	}
}
