package accounts

import (
	"sync"
	"time"
)

const (
	// cacheTTL is how long a node believes what it knows of a token.
	cacheTTL = 5 * time.Second
	// maxCached bounds the tokens a node remembers; beyond it the node forgets all and starts anew.
	maxCached = 10_000
)

// grantCache remembers grants by name: the hash of their secret, or the id of a public-key token. The zero value is ready.
type grantCache struct {
	mu      sync.Mutex
	entries map[string]cachedGrant
	// dropped counts the drops, so that a grant read before one is not kept after it.
	dropped int64
}

type cachedGrant struct {
	grant grant
	until time.Time
}

// get returns a grant, or else a ticket to put one with.
func (c *grantCache) get(name string, now time.Time) (g grant, ticket int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry, ok := c.entries[name]
	if !ok || !now.Before(entry.until) {
		return grant{}, c.dropped, false
	}
	return entry.grant, c.dropped, true
}

// put remembers a grant that was read after its ticket was given.
func (c *grantCache) put(name string, g grant, ticket int64, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ticket != c.dropped {
		return
	}
	if c.entries == nil || len(c.entries) >= maxCached {
		c.entries = map[string]cachedGrant{}
	}
	c.entries[name] = cachedGrant{grant: g, until: now.Add(cacheTTL)}
}

// drop forgets a token.
func (c *grantCache) drop(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped++
	delete(c.entries, name)
}
