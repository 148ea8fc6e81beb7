package store

import (
	"context"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// MetaDataItem is one key of a build's meta-data.
type MetaDataItem struct {
	BuildID string
	Key     string
	Value   string
}

func scanMetaData(row scanner) (MetaDataItem, error) {
	var m MetaDataItem
	err := row.Scan(&m.BuildID, &m.Key, &m.Value)
	return m, err
}

// SetMetaData writes keys of a build; the last write wins.
func SetMetaData(ctx context.Context, q sqldb.Queryer, buildID string, values map[string]string) error {
	for key, value := range values {
		err := later(ctx, q, nil, `INSERT INTO build_meta_data (build_id, key, value) VALUES ($1, $2, $3)
			ON CONFLICT (build_id, key) DO UPDATE SET value = excluded.value`, buildID, key, value)
		if err != nil {
			return err
		}
	}
	return nil
}

// InsertMetaData adds keys that their builds do not have yet.
func InsertMetaData(ctx context.Context, q sqldb.Queryer, items []MetaDataItem) error {
	rows := make([][]any, len(items))
	for i, m := range items {
		rows[i] = []any{m.BuildID, m.Key, m.Value}
	}
	return insertRows(ctx, q, "build_meta_data", "build_id, key, value", rows)
}

// GetMetaData returns one value; a missing key is ErrNotFound.
func GetMetaData(ctx context.Context, q sqldb.Queryer, buildID, key string) (string, error) {
	return one(ctx, q, scanText, "SELECT value FROM build_meta_data WHERE build_id = $1 AND key = $2", buildID, key)
}

// MetaDataKeys returns a build's keys in order.
func MetaDataKeys(ctx context.Context, q sqldb.Queryer, buildID string) ([]string, error) {
	return list(ctx, q, scanText, "SELECT key FROM build_meta_data WHERE build_id = $1 ORDER BY key", buildID)
}
