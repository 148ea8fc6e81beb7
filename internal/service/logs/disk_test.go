package logs

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bridle-ci/bridle/internal/core/joblog"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func newDisk(tb testing.TB, dir string) *diskJournal {
	tb.Helper()
	d, err := newDiskJournal(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func (d *diskJournal) put(tb testing.TB, jobID string, offset int64, data string) {
	tb.Helper()
	if err := d.admit(jobID); err != nil {
		tb.Fatal(err)
	}
	if err := d.append(tb.Context(), jobID, offset, []byte(data)); err != nil {
		tb.Fatal(err)
	}
}

// all reads a journal's log with its gaps closed up.
func all(tb testing.TB, d journal, jobID string) string {
	tb.Helper()
	var b strings.Builder
	for offset := int64(0); ; {
		start, data, err := d.next(tb.Context(), jobID, offset, true, nil)
		if err != nil {
			tb.Fatal(err)
		}
		if len(data) == 0 {
			return b.String()
		}
		b.Write(data)
		offset = start + int64(len(data))
	}
}

func TestDiskReopen(t *testing.T) {
	t.Parallel()
	dir, job := t.TempDir(), uuid.NewString()
	d := newDisk(t, dir)
	d.put(t, job, 6, "world")
	d.put(t, job, 0, "hello ")
	d.put(t, job, 4, "o wo")
	again := newDisk(t, dir)
	if got := all(t, again, job); got != "hello world" {
		t.Errorf("got %q", got)
	}
	if err := again.append(t.Context(), job, 11, []byte("!")); !errors.Is(err, errNotOpen) {
		t.Errorf("a log that was not admitted: got %v", err)
	}
	again.put(t, job, 11, "!")
	if got := all(t, newDisk(t, dir), job); got != "hello world!" {
		t.Errorf("got %q", got)
	}
	if jobs, err := again.jobs(); err != nil || len(jobs) != 1 || jobs[0] != job {
		t.Errorf("jobs: %v, %v", jobs, err)
	}
	if err := again.discard(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if got := all(t, again, job); got != "" {
		t.Errorf("discarded: got %q", got)
	}
}

// TestDiskTorn cuts and spoils the end of a file as a crash may, at every byte of the last record.
func TestDiskTorn(t *testing.T) {
	t.Parallel()
	dir, job := t.TempDir(), uuid.NewString()
	newDisk(t, dir).put(t, job, 0, "first")
	path := filepath.Join(dir, job+logSuffix)
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	newDisk(t, dir).put(t, job, 5, "second")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(first); cut < len(whole); cut++ {
		spoiled := bytes.Clone(whole)
		spoiled[cut] ^= 0x40
		for name, content := range map[string][]byte{"cut": whole[:cut], "spoiled": spoiled, "zeros": append(bytes.Clone(whole[:cut]), make([]byte, 50)...)} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			d := newDisk(t, dir)
			if got := all(t, d, job); got != "first" {
				t.Fatalf("%s at %d: got %q", name, cut, got)
			}
			d.put(t, job, 5, "2nd")
			if got := all(t, newDisk(t, dir), job); got != "first2nd" {
				t.Fatalf("%s at %d, written again: got %q", name, cut, got)
			}
		}
	}
}

func TestDiskFlushFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	broken := errors.New("disk on fire")
	l, err := loadDiskLog(path, func(*os.File) error { return broken })
	if err != nil {
		t.Fatal(err)
	}
	l.admit()
	for range 2 {
		if err := l.append(0, []byte("abc")); !errors.Is(err, broken) {
			t.Errorf("got %v, want the disk's error", err)
		}
	}
}

// TestDiskFlushIsShared holds the first flush until others wait, who then need only one more.
func TestDiskFlushIsShared(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	synctest.Test(t, func(t *testing.T) {
		flushes := 0
		release := make(chan struct{})
		l, err := loadDiskLog(path, func(*os.File) error {
			flushes++ // one at a time
			<-release
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		l.admit()
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				if err := l.append(int64(i)*3, []byte("abc")); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(release)
		wg.Wait()
		if flushes != 2 {
			t.Errorf("%d flushes, want 2", flushes)
		}
	})
}

func TestDiskBadID(t *testing.T) {
	t.Parallel()
	d := newDisk(t, t.TempDir())
	for _, id := range []string{"", "..", "../x", uuid.NewString() + "/x"} {
		if err := d.append(t.Context(), id, 0, []byte("x")); err == nil {
			t.Errorf("id %q became a file", id)
		}
	}
}

func TestDiskAnyOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		d, err := newDiskJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		job := uuid.NewString()
		log := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "log")
		var spans []joblog.Span
		for at := 0; at < len(log); {
			n := rapid.IntRange(1, len(log)-at).Draw(t, "size")
			spans = append(spans, joblog.Span{Start: int64(at), End: int64(at + n)}, joblog.Span{Start: int64(at / 2), End: int64(at + n)})
			at += n
		}
		if err := d.admit(job); err != nil {
			t.Fatal(err)
		}
		for _, s := range rapid.Permutation(spans).Draw(t, "order") {
			if err := d.append(context.Background(), job, s.Start, log[s.Start:s.End]); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			var got []byte
			for {
				_, data, err := d.next(context.Background(), job, int64(len(got)), false, nil)
				if err != nil {
					t.Fatal(err)
				}
				if len(data) == 0 {
					break
				}
				got = append(got, data...)
			}
			if !bytes.Equal(got, log) {
				t.Fatalf("got %q, want %q", got, log)
			}
			if d, err = newDiskJournal(dir); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzScanRecords(f *testing.F) {
	header := encodeHeader(7, []byte("data"))
	record := append(header[:], "data"...)
	f.Add(record)
	f.Add(append(bytes.Clone(record), record[:10]...))
	f.Add(append(bytes.Clone(record), bytes.Repeat([]byte{0}, 40)...))
	f.Fuzz(func(t *testing.T, file []byte) {
		var last int64
		end, err := scanRecords(bytes.NewReader(file), func(span joblog.Span, at, next int64) {
			if at != last || next-at-recordHeader != span.End-span.Start || span.Start < 0 {
				t.Fatalf("record %v from %d to %d after %d", span, at, next, last)
			}
			last = next
		})
		if err != nil || end != last || end > int64(len(file)) {
			t.Fatalf("ends at %d after %d of %d: %v", end, last, len(file), err)
		}
		if _, err := joinRecords(bytes.Clone(file[:end])); err != nil {
			t.Fatalf("join what was scanned: %v", err)
		}
	})
}
