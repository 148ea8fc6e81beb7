package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/bridle-ci/bridle/internal/core/ids"
)

const (
	// logSuffix ends the names of the files.
	logSuffix = ".log"
	// maxFlushes is how many files are flushed at once. Those that wait meanwhile share the next flush of their file.
	maxFlushes = 32
)

// diskJournal keeps each open log in a file of its own.
type diskJournal struct {
	dir     string
	flushes chan struct{}

	mu   sync.Mutex
	logs map[string]*loading
}

// loading is a log that somebody has asked for; once makes the others wait for the first.
type loading struct {
	once sync.Once
	log  *diskLog
	err  error
}

func newDiskJournal(dir string) (*diskJournal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for open logs: %w", err)
	}
	return &diskJournal{dir: dir, flushes: make(chan struct{}, maxFlushes), logs: map[string]*loading{}}, nil
}

func (d *diskJournal) append(_ context.Context, jobID string, offset int64, data []byte) error {
	l, err := d.log(jobID)
	if err != nil {
		return err
	}
	return l.append(offset, data)
}

func (d *diskJournal) size(_ context.Context, jobID string) (int64, error) {
	l, err := d.existing(jobID)
	if err != nil || l == nil {
		return 0, err
	}
	return l.size(), nil
}

func (d *diskJournal) next(_ context.Context, jobID string, offset int64, pastGaps bool, buffer []byte) (int64, []byte, error) {
	l, err := d.existing(jobID)
	if err != nil || l == nil {
		return offset, nil, err
	}
	start, data, err := l.next(offset, pastGaps, buffer)
	if errors.Is(err, fs.ErrNotExist) {
		return offset, nil, nil // it was closed meanwhile
	}
	return start, data, err
}

func (d *diskJournal) admit(jobID string) error {
	l, err := d.log(jobID)
	if err == nil {
		l.admit()
	}
	return err
}

func (d *diskJournal) seal(jobID string) error {
	l, err := d.log(jobID)
	if err == nil {
		l.seal()
	}
	return err
}

func (d *diskJournal) discard(_ context.Context, jobID string) error {
	path, err := d.path(jobID)
	if err != nil {
		return err
	}
	d.mu.Lock()
	held := d.logs[jobID]
	delete(d.logs, jobID)
	d.mu.Unlock()
	if held != nil && held.log != nil {
		held.log.seal() // for who got hold of it just before
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// existing is log for who only reads: nil when the job has no file, which is not worth remembering.
func (d *diskJournal) existing(jobID string) (*diskLog, error) {
	path, err := d.path(jobID)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	_, ok := d.logs[jobID]
	d.mu.Unlock()
	if !ok {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	return d.log(jobID)
}

// log returns a job's log, read from its file on first use.
func (d *diskJournal) log(jobID string) (*diskLog, error) {
	path, err := d.path(jobID)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	held, ok := d.logs[jobID]
	if !ok {
		held = &loading{}
		d.logs[jobID] = held
	}
	d.mu.Unlock()
	held.once.Do(func() { held.log, held.err = loadDiskLog(path, d.flush) })
	if held.err != nil {
		d.forget(jobID, held)
	}
	return held.log, held.err
}

// forget makes the next use try again.
func (d *diskJournal) forget(jobID string, held *loading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.logs[jobID] == held {
		delete(d.logs, jobID)
	}
}

// path is where a job's file is. The id comes from outside and becomes a file's name, so it must be one.
func (d *diskJournal) path(jobID string) (string, error) {
	id, ok := ids.ParseUUID(jobID)
	if !ok {
		return "", fmt.Errorf("log of job %q: not an id", jobID)
	}
	return filepath.Join(d.dir, id+logSuffix), nil
}

// jobs lists the jobs that have a file.
func (d *diskJournal) jobs() ([]string, error) {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, err
	}
	var jobs []string
	for _, e := range entries {
		if id, ok := ids.ParseUUID(strings.TrimSuffix(e.Name(), logSuffix)); ok {
			jobs = append(jobs, id)
		}
	}
	return jobs, nil
}

func (d *diskJournal) flush(f *os.File) error {
	d.flushes <- struct{}{}
	defer func() { <-d.flushes }()
	return syncData(f)
}
