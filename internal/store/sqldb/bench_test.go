package sqldb_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/bridle-ci/bridle/internal/store/sqldb/pgtest"
)

func benchmarkOn(b *testing.B, run func(b *testing.B, db *sqldb.DB)) {
	b.Helper()
	configs := map[string]func() sqldb.Config{
		"private": func() sqldb.Config { return sqldb.Config{URL: "sqlite::memory:"} },
		"full":    func() sqldb.Config { return sqldb.Config{URL: "sqlite://" + b.TempDir() + "/full.db"} },
		"normal": func() sqldb.Config {
			return sqldb.Config{URL: "sqlite://" + b.TempDir() + "/normal.db", Durability: sqldb.DurabilityNormal}
		},
		"postgres": func() sqldb.Config { return sqldb.Config{URL: pgtest.URL(b), MaxConns: 32} },
	}
	for name, config := range configs {
		b.Run(name, func(b *testing.B) {
			db := open(b, config())
			migrate(b, db, "CREATE TABLE things (id integer PRIMARY KEY, name text, size integer);")
			b.ReportAllocs()
			run(b, db)
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			benchmarkOn(b, func(b *testing.B, db *sqldb.DB) {
				ctx := b.Context()
				var next atomic.Int64
				b.ResetTimer()
				var wg sync.WaitGroup
				for range writers {
					wg.Go(func() {
						for id := next.Add(1); id <= int64(b.N); id = next.Add(1) {
							err := db.Write(ctx, func(tx *sqldb.Tx) error {
								_, err := tx.Exec(ctx, "INSERT INTO things (id, name, size) VALUES ($1, $2, $3)", id, "name", id)
								return err
							})
							if err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
			})
		})
	}
}

// BenchmarkStatement is one statement of a long transaction.
func BenchmarkStatement(b *testing.B) {
	benchmarkOn(b, func(b *testing.B, db *sqldb.DB) {
		ctx := b.Context()
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			for i := range b.N {
				if _, err := tx.Exec(ctx, "INSERT INTO things (id, name, size) VALUES ($1, $2, $3)", i, "name", int64(i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkReadRow(b *testing.B) {
	benchmarkOn(b, func(b *testing.B, db *sqldb.DB) {
		fill(b, db, 100)
		b.ResetTimer()
		for i := range b.N {
			var (
				name string
				size *int64
			)
			if err := db.Read().QueryRow(b.Context(), "SELECT name, size FROM things WHERE id = $1", i%100).Scan(&name, &size); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRead100Rows(b *testing.B) {
	benchmarkOn(b, func(b *testing.B, db *sqldb.DB) {
		fill(b, db, 100)
		b.ResetTimer()
		for range b.N {
			rows, err := db.Read().Query(b.Context(), "SELECT id, name, size FROM things ORDER BY id LIMIT 100")
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
				var (
					id   int
					name string
					size *int64
				)
				if err := rows.Scan(&id, &name, &size); err != nil {
					b.Fatal(err)
				}
			}
			if err := rows.Err(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func fill(b *testing.B, db *sqldb.DB, rows int) {
	b.Helper()
	err := db.Write(b.Context(), func(tx *sqldb.Tx) error {
		for i := range rows {
			if _, err := tx.Exec(b.Context(), "INSERT INTO things (id, name, size) VALUES ($1, $2, $3)", i, "name of a thing", int64(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
