package store

import (
	"context"
	"errors"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// InstanceValue returns a value that belongs to the installation as a whole, such as a signing key. The first who asks
// makes it; every node then gets the same.
func InstanceValue(ctx context.Context, st *Store, name string, create func() string) (string, error) {
	const get = "SELECT value FROM instance_values WHERE name = $1"
	value, err := one(ctx, st.Read(), scanText, get, name)
	if !errors.Is(err, ErrNotFound) {
		return value, err
	}
	err = st.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO instance_values (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
			name, create())
		if err != nil {
			return err
		}
		value, err = one(ctx, tx, scanText, get, name)
		return err
	})
	return value, err
}

func scanText(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}
