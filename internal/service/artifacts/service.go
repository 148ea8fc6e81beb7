package artifacts

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/bus"
	"github.com/bridle-ci/bridle/internal/queue"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// deleteTask removes an artifact's object, after its row says that it is gone.
const deleteTask = "artifacts.delete_blob"

// deletion is the payload of a deleteTask.
type deletion struct {
	Key         string `json:"key"`
	MultipartID string `json:"multipart_id,omitempty"`
}

// keyName is the name of the signing key among the instance's values.
const keyName = "artifacts.signing_key"

// Config is what the service works with.
type Config struct {
	Store *store.Store
	Queue *queue.Queue
	Bus   bus.Bus
	Blobs blob.Store
	// BaseURL is where agents and browsers reach this installation, with or without a path.
	BaseURL string
	// Now is the clock that links expire by; nil is time.Now.
	Now func() time.Time
}

// Service is the use cases of artifacts. It is safe for concurrent use.
type Service struct {
	store *store.Store
	queue *queue.Queue
	bus   bus.Bus
	blobs blob.Store
	links links
}

// New returns the service and registers the tasks it does with the queue. The key that links are signed with is the
// installation's; the first node makes it.
func New(ctx context.Context, c Config) (*Service, error) {
	base, err := url.Parse(strings.TrimSuffix(c.BaseURL, "/"))
	if err != nil || base.Scheme == "" || base.Host == "" {
		return nil, fmt.Errorf("base URL %q: give the address agents reach this server at, such as https://ci.example.com", c.BaseURL)
	}
	base = base.JoinPath("/") // so that what is joined to it begins with a slash
	key, err := store.InstanceValue(ctx, c.Store, keyName, func() string {
		var random [32]byte
		_, _ = rand.Read(random[:]) // never fails
		return hex.EncodeToString(random[:])
	})
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{store: c.Store, queue: c.Queue, bus: c.Bus, blobs: c.Blobs, links: links{base: base, key: []byte(key), now: c.Now}}
	c.Queue.Handle(deleteTask, s.handleDelete)
	return s, nil
}

func (s *Service) handleDelete(ctx context.Context, t queue.Task) error {
	var d deletion
	if err := json.Unmarshal(t.Payload, &d); err != nil {
		return queue.Permanent(fmt.Errorf("read task: %w", err))
	}
	if d.MultipartID != "" {
		if err := s.blobs.Abort(ctx, d.Key, d.MultipartID); err != nil {
			return err
		}
	}
	return s.blobs.Delete(ctx, d.Key)
}

// enqueueDeletion has the object of an artifact removed once tx is committed.
func (s *Service) enqueueDeletion(ctx context.Context, tx *sqldb.Tx, a store.Artifact) error {
	if a.BlobKey == "" {
		return nil
	}
	payload, err := json.Marshal(deletion{Key: a.BlobKey, MultipartID: a.MultipartID})
	if err != nil {
		return err
	}
	return s.queue.Enqueue(ctx, tx, queue.Task{Kind: deleteTask, Payload: payload})
}

// changed tells who looks at a build that its artifacts changed.
func (s *Service) changed(buildID string) { s.bus.Publish("build:"+buildID, bus.Missed) }
