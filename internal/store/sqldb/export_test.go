package sqldb

// Waiting counts those who wait to share the transaction of a key.
func (db *DB) Waiting(key string) int {
	g := &db.impl.(*postgresDB).groups
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting[key])
}
