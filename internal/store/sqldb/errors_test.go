package sqldb_test

import (
	"errors"
	"testing"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

func TestIsUniqueOn(t *testing.T) {
	t.Parallel()

	onBoth(t, func(t *testing.T, db *sqldb.DB) {
		things(t, db)
		ok := errors.Join(
			insert(t, db, firstID, new("Name"), new(int64(1))),
			insert(t, db, secondID, new("Other"), nil),
		)
		if ok != nil {
			t.Fatal(ok)
		}
		byName := insert(t, db, thirdID, new("Name"), new(int64(1)))
		byExpression := insert(t, db, thirdID, new("OTHER"), nil)
		byID := insert(t, db, firstID, nil, nil)
		other := errors.New("other")
		cases := map[string]struct {
			err  error
			on   string
			want bool
		}{
			"index name":            {byName, "things_name", true},
			"table with columns":    {byName, "things(name, size)", true},
			"columns":               {byName, "name, size", true},
			"columns with table":    {byName, "things.name, things.size", true},
			"without blanks":        {byName, "name,size", true},
			"some of its columns":   {byName, "things(name)", false},
			"other table":           {byName, "items(name, size)", false},
			"other index":           {byName, "things_lower", false},
			"primary key":           {byID, "things(id)", true},
			"primary key by column": {byID, "id", true},
			"index of expressions":  {byExpression, "things_lower", true},
			"not by column":         {byExpression, "name", false},
			"no violation":          {other, "things_name", false},
			"no error":              {nil, "things_name", false},
		}
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				if got := sqldb.IsUniqueOn(c.err, c.on); got != c.want {
					t.Errorf("IsUniqueOn(%v, %q) = %v", c.err, c.on, got)
				}
			})
		}
		for name, err := range map[string]error{"name": byName, "expression": byExpression, "id": byID} {
			if !sqldb.IsUnique(err) {
				t.Errorf("%s: %v is no unique violation", name, err)
			}
		}
		if sqldb.IsUnique(other) || sqldb.IsUnique(nil) {
			t.Error("another error is a unique violation")
		}
	})
}
