package annotations

import (
	"hash/maphash"
	"sync"

	"github.com/bridle-ci/bridle/internal/core/markup"
	"github.com/bridle-ci/bridle/internal/store"
)

// maxRendered bounds the bytes of HTML that are remembered: a page that is open is read again and again.
const maxRendered = 16 << 20

// renderings remembers rendered bodies. When it is full it forgets them all, as the next readers soon bring back what is
// wanted. The zero value is empty.
type renderings struct {
	mu    sync.Mutex
	known map[body]markup.Fragment
	size  int
}

// body tells bodies apart.
type body struct {
	id   string
	hash uint64
}

var seed = maphash.MakeSeed()

func (r *renderings) of(a store.Annotation) markup.Fragment {
	key := body{a.ID, maphash.String(seed, a.Body)}
	r.mu.Lock()
	fragment, ok := r.known[key]
	r.mu.Unlock()
	if ok {
		return fragment
	}
	fragment = markup.Markdown(a.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size += fragment.Size(); r.known == nil || r.size > maxRendered {
		r.known, r.size = map[body]markup.Fragment{}, fragment.Size()
	}
	r.known[key] = fragment
	return fragment
}
