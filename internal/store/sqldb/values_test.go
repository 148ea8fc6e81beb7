package sqldb_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
	"github.com/google/go-cmp/cmp"
)

type label string

type thing struct {
	ID    string
	Name  *label
	Size  *int64
	Ready *bool
	Ratio *float64
	Body  []byte
}

const thingColumns = "id, name, size, ready, ratio, body"

func (x *thing) places() []any { return []any{&x.ID, &x.Name, &x.Size, &x.Ready, &x.Ratio, &x.Body} }

func TestValues(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		cases := map[string]thing{
			"all set":   {firstID, new(label("größe 🚀")), new(int64(1 << 60)), new(true), new(0.25), []byte{0, 255, 1}},
			"zeros":     {secondID, new(label("")), new(int64(0)), new(false), new(0.0), []byte{}},
			"all NULL":  {ID: thirdID},
			"negatives": {"01890000-0000-7000-8000-000000000004", new(label("-")), new(int64(-1)), new(true), new(-3.0), []byte("text")},
		}
		for name, want := range cases {
			t.Run(name, func(t *testing.T) {
				var got, again thing
				err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
					return tx.QueryRow(
						t.Context(), "INSERT INTO things ("+thingColumns+") VALUES ($1, $2, $3, $4, $5, $6) RETURNING "+thingColumns,
						want.ID, want.Name, want.Size, want.Ready, want.Ratio, want.Body,
					).Scan(got.places()...)
				})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("returned (-want +got):\n%s", diff)
				}
				if err := db.Read().QueryRow(t.Context(), "SELECT "+thingColumns+" FROM things WHERE id = $1", want.ID).Scan(again.places()...); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, again); diff != "" {
					t.Errorf("read (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestScan(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		if err := insert(t, db, firstID, new("one"), new(int64(7))); err != nil {
			t.Fatal(err)
		}
		row := func(columns string) sqldb.Row {
			return db.Read().QueryRow(t.Context(), "SELECT "+columns+" FROM things WHERE id = $1", firstID)
		}
		t.Run("plain values", func(t *testing.T) {
			var (
				name  string
				size  int
				small int32
			)
			if err := row("name, size, size").Scan(&name, &size, &small); err != nil {
				t.Fatal(err)
			}
			if name != "one" || size != 7 || small != 7 {
				t.Errorf("got %q, %d, %d", name, size, small)
			}
		})
		t.Run("text as bytes", func(t *testing.T) {
			var name []byte
			if err := row("name").Scan(&name); err != nil || string(name) != "one" {
				t.Errorf("got %q, %v", name, err)
			}
		})
		t.Run("NULL into a value", func(t *testing.T) {
			var ratio float64
			if err := row("ratio").Scan(&ratio); err == nil {
				t.Errorf("got %v, want an error", ratio)
			}
		})
		t.Run("too few places", func(t *testing.T) {
			var name string
			if err := row("name, size").Scan(&name); err == nil {
				t.Error("want an error")
			}
		})
		t.Run("wrong type", func(t *testing.T) {
			var name int64
			if err := row("name").Scan(&name); err == nil {
				t.Error("want an error")
			}
		})
		t.Run("no row", func(t *testing.T) {
			var name string
			err := db.Read().QueryRow(t.Context(), "SELECT name FROM things WHERE id = $1", secondID).Scan(&name)
			if !errors.Is(err, sqldb.ErrNoRows) {
				t.Errorf("got %v, want ErrNoRows", err)
			}
		})
		t.Run("broken statement", func(t *testing.T) {
			var name string
			if err := db.Read().QueryRow(t.Context(), "SELECT nothing FROM things").Scan(&name); err == nil || errors.Is(err, sqldb.ErrNoRows) {
				t.Errorf("got %v, want an error about the column", err)
			}
		})
	})
}

func TestArgumentOfUnknownType(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		_, err := db.Read().Query(t.Context(), "SELECT id FROM things WHERE name = $1", make(chan int))
		if err == nil || !strings.Contains(err.Error(), "chan int") {
			t.Errorf("got %v, want an error that names the type", err)
		}
	})
}

func TestArgumentCount(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		for name, args := range map[string][]any{"none": nil, "too few": {"a"}, "too many": {"a", "b", "c"}} {
			err := db.Read().QueryRow(t.Context(), "SELECT id FROM things WHERE name = $1 OR name = $2", args...).Scan(new(string))
			if err == nil || errors.Is(err, sqldb.ErrNoRows) {
				t.Errorf("%s: got %v, want an error about the arguments", name, err)
			}
		}
	})
}

func TestIn(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		for id, name := range map[string]string{firstID: `quo"te`, secondID: "comma,", thirdID: "other"} {
			if err := insert(t, db, id, &name, nil); err != nil {
				t.Fatal(err)
			}
		}
		cases := map[string]struct {
			column string
			values []string
			want   []string
		}{
			"text":          {"name", []string{`quo"te`, "comma,", "nobody"}, []string{firstID, secondID}},
			"uuid":          {"id", []string{thirdID}, []string{thirdID}},
			"no value":      {"id", []string{}, nil},
			"nil":           {"id", nil, nil},
			"repeated ones": {"id", []string{thirdID, thirdID}, []string{thirdID}},
		}
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				q := db.Read()
				rows, err := q.Query(
					t.Context(), "SELECT id FROM things WHERE $1 = 1 AND "+sqldb.In(q, c.column, 2, c.values)+" ORDER BY id",
					1, sqldb.List(q, c.values),
				)
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				var got []string
				for rows.Next() {
					var id string
					if err := rows.Scan(&id); err != nil {
						t.Fatal(err)
					}
					got = append(got, id)
				}
				if err := rows.Err(); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("ids (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestMatches(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		for id, name := range map[string]string{firstID: "Feature/a_b", secondID: "feature/axb", thirdID: `50% [x]? \y`} {
			if err := insert(t, db, id, &name, nil); err != nil {
				t.Fatal(err)
			}
		}
		for pattern, want := range map[string]int{
			"*": 3, "*eature/*": 2, "feature/*": 1, "FEATURE/*": 0, "*a_b": 1, "*a?b": 0, "[fF]*": 0,
			`50% [x]? \y`: 1, `50%*\*`: 1, "50": 0, "": 0, "*]*": 1, "5%y": 0,
		} {
			q := db.Read()
			var got int
			err := q.QueryRow(t.Context(), "SELECT count(*) FROM things WHERE "+sqldb.Matches(q, "name", 1), sqldb.Pattern(q, pattern)).Scan(&got)
			if err != nil || got != want {
				t.Errorf("%q matches %d, %v, want %d", pattern, got, err, want)
			}
		}
	})
}

func TestContains(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		for id, name := range map[string]string{firstID: "ÉCLAIR Straße", secondID: "50% [off]*? a_b\\c]-^", thirdID: "plain"} {
			if err := insert(t, db, id, &name, nil); err != nil {
				t.Fatal(err)
			}
		}
		for part, want := range map[string]int{
			"": 3, "éclair": 1, "STRAßE": 1, "PLAIN": 1, "L": 2, "%": 1, "_B": 1, "[OFF]": 1, "[o]": 0, "*": 1, "?": 1, "*?": 1, "a*b": 0,
			`\`: 1, "]-^": 1, "^": 1, "plain?": 0, "(?i)p": 0, strings.Repeat("ſ", 2048): 0, strings.Repeat("(", 2048): 0,
		} {
			q := db.Read()
			var got int
			err := q.QueryRow(t.Context(), "SELECT count(*) FROM things WHERE "+sqldb.Contains(q, "name", 1), sqldb.Part(q, part)).Scan(&got)
			if err != nil || got != want {
				t.Errorf("%q is in %d, %v, want %d", part, got, err, want)
			}
		}
	})
}

func TestLocks(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		if err := insert(t, db, firstID, nil, nil); err != nil {
			t.Fatal(err)
		}
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			for _, word := range []string{sqldb.ForUpdate(tx), sqldb.ForUpdateSkipLocked(tx)} {
				var id string
				if err := tx.QueryRow(t.Context(), "SELECT id FROM things "+word).Scan(&id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestMicros(t *testing.T) {
	t.Parallel()

	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("east", 3600))
	want := time.Date(2026, 3, 1, 11, 0, 0, 123456000, time.UTC)
	if got := sqldb.FromMicros(sqldb.Micros(at)); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := sqldb.FromMicrosPtr(sqldb.MicrosPtr(&at)); got == nil || *got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := sqldb.FromMicrosPtr(sqldb.MicrosPtr(nil)); got != nil {
		t.Errorf("got %v, want nil", got)
	}
}
