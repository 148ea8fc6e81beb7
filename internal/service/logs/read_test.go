package logs_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/store"
	"github.com/bridle-ci/bridle/internal/store/storetest"
)

func TestReadRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		b.append(t, 0, "abc")
		for _, offset := range []int64{-1, 4} {
			if _, _, err := b.Read(t.Context(), b.job.ID, offset, -1); !fault.Is(err, fault.Malformed) {
				t.Errorf("offset %d: got %v", offset, err)
			}
		}
	})
}

func TestTail(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		long := strings.Repeat("x", 300<<10) + "end"
		b.append(t, 0, long)
		for _, state := range []string{"open", "closed"} {
			for n, want := range map[int64]string{0: "", 3: "end", int64(len(long)) + 5: long} {
				r, start, size, err := b.Tail(t.Context(), b.job.ID, n)
				if err != nil {
					t.Fatal(err)
				}
				if got := drain(t, r); got != want || size != int64(len(long)) || start != size-int64(len(want)) {
					t.Errorf("%s, last %d: %d bytes from %d of %d", state, n, len(got), start, size)
				}
			}
			b.close(t)
		}
	})
}

// TestReadWhileClosing begins with an open log and ends with the closed one.
func TestReadWhileClosing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		text := strings.Repeat("0123456789", 100<<10/10)
		for i := range int64(20) {
			b.append(t, i*int64(len(text)), text)
		}
		r, _, err := b.Read(t.Context(), b.job.ID, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 10)
		if _, err := io.ReadFull(r, head); err != nil {
			t.Fatal(err)
		}
		b.close(t)
		if got := string(head) + drain(t, r); got != strings.Repeat(text, 20) {
			t.Errorf("got %d bytes", len(got))
		}
	})
}

func TestFollow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		r, err := b.Follow(t.Context(), b.job.ID, 2)
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan string)
		go func() {
			data, err := io.ReadAll(r)
			if err != nil {
				t.Errorf("follow: %v", err)
			}
			got <- string(data)
		}()
		b.append(t, 0, "abcd")
		b.append(t, 8, "ij")
		b.append(t, 4, "ef")
		b.append(t, 12, "mn")
		b.close(t)
		if got, want := <-got, "cdefijmn"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestFollowWithoutALog(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		step := storetest.Step(t, b.store, storetest.Build(t, b.store, b.world.Pipeline))
		ended := storetest.Job(t, b.store, storetest.Build(t, b.store, b.world.Pipeline), step, func(j *store.Job) { j.State = build.JobCanceled })
		for name, id := range map[string]string{"ended": ended.ID, "gone": store.NewID()} {
			r, err := b.Follow(t.Context(), id, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := drain(t, r); got != "" {
				t.Errorf("%s: got %q", name, got)
			}
		}
	})
}

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := b.Follow(ctx, b.job.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		b.append(t, 0, "abc")
		buffer := make([]byte, 10)
		if n, err := r.Read(buffer); err != nil || string(buffer[:n]) != "abc" {
			t.Fatalf("got %q, %v", buffer[:n], err)
		}
		cancel()
		if _, err := r.Read(buffer); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want canceled", err)
		}
	})
}

func TestHTML(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		b.append(t, 0, "--- a\n\x1b[31mred\x1b[0m <b>\n\x1b]1338;url='artifact://shot.png';alt='S'\x07\n")
		want := `<details class="term-group" open><summary>a</summary><pre class="term">` +
			"<span class=\"term-fg31\">red</span> &lt;b&gt;\n<img alt=\"S\" src=\"/blobs/shot\">\n</pre>\n</details>\n"
		for _, state := range []string{"open", "closed"} {
			got, err := b.HTML(t.Context(), b.job.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s: got %s, want %s", state, got, want)
			}
			b.close(t)
		}
	})
}
