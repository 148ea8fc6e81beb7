package accounts

import (
	"sync"
	"time"
)

const (
	// cacheTTL is how long a node believes what it knows of a token, if no hint says otherwise.
	cacheTTL = 5 * time.Second
	// maxCached bounds the tokens a node remembers; beyond it the node forgets all and starts anew.
	maxCached = 10_000
)

// grantsTopic is where nodes are told that tokens or what they stand for have changed. Who changes the maintainers of a
// cluster publishes there too.
const grantsTopic = "grants"

// grantCache remembers grants by name: the hash of their secret, or the id of a public-key token. The zero value is ready.
type grantCache struct {
	mu      sync.Mutex
	entries map[string]cachedGrant
	// changes are hints that what is remembered may be wrong; nil without a bus.
	changes <-chan string
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
	c.heed()
	entry, ok := c.entries[name]
	if !ok || !now.Before(entry.until) {
		return grant{}, c.dropped, false
	}
	return entry.grant, c.dropped, true
}

// heed forgets everything when there is a hint: they are rare, and what is asked for next is soon known again. Looking
// before each use, and not beside it, a node never goes by what it changed itself. Callers hold the lock.
func (c *grantCache) heed() {
	for {
		select {
		case <-c.changes:
			c.dropped++
			clear(c.entries)
		default:
			return
		}
	}
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
