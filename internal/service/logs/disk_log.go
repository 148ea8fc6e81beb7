package logs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/joblog"
)

// diskLog is one open log's file. What it holds in memory is where pieces are, which for chunks that come in order is a
// few bytes per 256 KiB.
//
// The file is opened for each use and not kept open: thousands of logs are open at once, and most of them idle.
type diskLog struct {
	path string
	sync func(*os.File) error

	mu        sync.Mutex
	synced    *sync.Cond // of mu: durable moved, or failed is set
	placement joblog.Placement
	exists    bool
	admitted  bool
	sealed    bool
	end       int64 // where the next record goes
	durable   int64 // up to where the file is known to be on disk
	syncing   bool
	failed    error
}

// loadDiskLog finds out what a file holds, if there is one. A torn record at its end is cut off.
func loadDiskLog(path string, syncFile func(*os.File) error) (*diskLog, error) {
	l := &diskLog{path: path, sync: syncFile}
	l.synced = sync.NewCond(&l.mu)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l.exists = true
	l.end, err = scanRecords(bufio.NewReaderSize(f, 256<<10), func(span joblog.Span, at, next int64) {
		// Records never overlap, as only missing spans are written.
		l.placement.Add(joblog.Piece{Span: span, At: at, Next: next})
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if err := f.Truncate(l.end); err != nil {
		return nil, fmt.Errorf("cut torn end: %w", err)
	}
	return l, nil
}

// append writes what is missing of a chunk and waits until all of the chunk is on disk.
func (l *diskLog) append(offset int64, data []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.sealed || !l.admitted:
		return errNotOpen
	case l.failed != nil:
		return l.failed
	case l.placement.Len() >= joblog.MaxPieces:
		return fault.New(fault.Limited, "The log has too many separate pieces: chunks before this one are missing")
	}
	f, err := l.open()
	if err != nil {
		return err
	}
	defer f.Close()
	for _, missing := range l.placement.Missing(joblog.Span{Start: offset, End: offset + int64(len(data))}) {
		if err := l.write(f, missing, data[missing.Start-offset:missing.End-offset]); err != nil {
			return err
		}
	}
	return l.waitDurable(f, l.end)
}

func (l *diskLog) open() (*os.File, error) {
	if l.exists {
		return os.OpenFile(l.path, os.O_WRONLY, 0)
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncFolder(filepath.Dir(l.path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l.exists = true
	return f, nil
}

// write adds a record. After an error the next one goes to the same place.
func (l *diskLog) write(f *os.File, span joblog.Span, data []byte) error {
	header := encodeHeader(span.Start, data)
	if _, err := f.WriteAt(header[:], l.end); err != nil {
		return err
	}
	if _, err := f.WriteAt(data, l.end+recordHeader); err != nil {
		return err
	}
	next := l.end + recordHeader + int64(len(data))
	l.placement.Add(joblog.Piece{Span: span, At: l.end, Next: next})
	l.end = next
	return nil
}

// waitDurable waits until the file is on disk up to a place. One of those who wait flushes for all that has been written
// by then; the lock is let go of meanwhile, so that others can write.
//
// A flush that failed is not tried again: the system may have dropped the bytes it could not write. The log takes no
// more, and its agent is told so until somebody has looked at the disk and started the server again.
func (l *diskLog) waitDurable(f *os.File, place int64) error {
	for l.durable < place {
		if l.failed != nil {
			return l.failed
		}
		if l.syncing {
			l.synced.Wait()
			continue
		}
		l.syncing = true
		upTo := l.end
		l.mu.Unlock()
		err := l.sync(f)
		l.mu.Lock()
		l.syncing = false
		if err != nil {
			l.failed = fmt.Errorf("flush %s: %w", l.path, err)
		} else {
			l.durable = max(l.durable, upTo)
		}
		l.synced.Broadcast()
	}
	return nil
}

func (l *diskLog) size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.placement.Contiguous()
}

func (l *diskLog) admit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.admitted = true
}

func (l *diskLog) seal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sealed = true
}

// next is journal.next: it reads one piece of the file.
func (l *diskLog) next(offset int64, pastGaps bool, buffer []byte) (start int64, data []byte, err error) {
	l.mu.Lock()
	piece, ok := l.placement.At(offset)
	l.mu.Unlock()
	if !ok || (piece.Start > offset && !pastGaps) {
		return offset, nil, nil
	}
	if need := int(piece.Next - piece.At); cap(buffer) < need {
		buffer = make([]byte, need)
	}
	buffer = buffer[:piece.Next-piece.At]
	f, err := os.Open(l.path)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	if _, err := f.ReadAt(buffer, piece.At); err != nil && !errors.Is(err, io.EOF) {
		return 0, nil, err
	}
	data, err = joinRecords(buffer)
	if err != nil {
		return 0, nil, fmt.Errorf("read %s at %d: %w", l.path, piece.At, err)
	}
	if int64(len(data)) != piece.End-piece.Start {
		return 0, nil, fmt.Errorf("read %s at %d: %w", l.path, piece.At, errRecord)
	}
	start = max(offset, piece.Start)
	return start, data[start-piece.Start:], nil
}

// joinRecords moves the bytes of consecutive records together, in place.
func joinRecords(b []byte) ([]byte, error) {
	joined, rest := b[:0], b
	for len(rest) > 0 {
		_, data, after, err := decodeRecord(rest)
		if err != nil {
			return nil, err
		}
		joined = append(joined, data...)
		rest = after
	}
	return joined, nil
}
