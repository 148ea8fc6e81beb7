package builds

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
	"github.com/bridle-ci/bridle/internal/store"
)

const (
	// tokenGrace is how long a job's token is good for after the job's end: agents repeat a finish whose answer was lost.
	tokenGrace = 10 * time.Minute
	// tokenCacheFor bounds how long a node believes a token without looking.
	tokenCacheFor = time.Minute
	tokenCacheMax = 20_000
)

// jobTokens makes and remembers the tokens that agents speak with about the job they run.
type jobTokens struct {
	key []byte

	mu    sync.Mutex
	cache map[string]cachedJob
}

type cachedJob struct {
	job   store.Job
	until time.Time
}

func newJobTokens(key []byte) *jobTokens { return &jobTokens{key: key, cache: map[string]cachedJob{}} }

// of derives a job's token for an agent. It is derived and not drawn so that an accept which is repeated after a lost
// answer gives the same one.
func (t *jobTokens) of(jobID, agentID string) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte("job token\x00" + jobID + "\x00" + agentID))
	return ids.Token(ids.JobTokenPrefix, [ids.TokenBytes]byte(mac.Sum(nil)))
}

// JobByToken returns the job that a token is for, as it was within the last minute: its identity and its agent are right,
// its state may be old. An unknown token, or one of a job that ended some time ago, is Unauthenticated.
func (s *Service) JobByToken(ctx context.Context, token string) (store.Job, error) {
	hash := ids.HashToken(token)
	now := time.Now()
	if job, ok := s.tokens.get(hash, now); ok {
		return job, nil
	}
	job, err := store.JobByToken(ctx, s.Store.Read(), hash)
	if err == nil && job.FinishedAt != nil && now.Sub(*job.FinishedAt) > tokenGrace {
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		return store.Job{}, fault.New(fault.Unauthenticated, "Invalid access token: the job it belongs to has ended or never was")
	}
	if err != nil {
		return store.Job{}, err
	}
	s.tokens.put(hash, *job, now)
	return *job, nil
}

func (t *jobTokens) get(hash string, now time.Time) (store.Job, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.cache[hash]
	if !ok || now.After(c.until) {
		return store.Job{}, false
	}
	return c.job, true
}

func (t *jobTokens) put(hash string, job store.Job, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.cache) >= tokenCacheMax {
		for old, c := range t.cache {
			if now.After(c.until) {
				delete(t.cache, old)
			}
		}
		if len(t.cache) >= tokenCacheMax {
			clear(t.cache)
		}
	}
	t.cache[hash] = cachedJob{job: job, until: now.Add(tokenCacheFor)}
}
