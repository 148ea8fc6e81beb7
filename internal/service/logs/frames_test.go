package logs

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/blob/file"
)

func blobs(tb testing.TB) *file.Store {
	tb.Helper()
	s, err := file.Open(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func TestFrames(t *testing.T) {
	t.Parallel()
	store := blobs(t)
	random := make([]byte, 3*frameBytes+17)
	rnd := rand.NewChaCha8([32]byte{1})
	_, _ = rnd.Read(random)
	for name, text := range map[string][]byte{
		"one byte": []byte("x"), "a frame": random[:frameBytes], "a frame and a byte": random[:frameBytes+1],
		"several": random, "repetitive": bytes.Repeat([]byte("abc"), frameBytes),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := "log-" + strings.ReplaceAll(name, " ", "-")
			var packed bytes.Buffer
			w := newFrameWriter(&packed)
			for rest := text; len(rest) > 0; {
				n := min(len(rest), 100_000)
				if _, err := w.Write(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Put(t.Context(), key, &packed); err != nil {
				t.Fatal(err)
			}
			size := int64(len(text))
			for _, offset := range []int64{0, 1, frameBytes - 1, frameBytes, frameBytes + 1, 2 * frameBytes, size - 1} {
				if offset >= size {
					continue
				}
				for _, end := range []int64{size, offset + 1} {
					r, err := openFrames(t.Context(), store, key, offset, end)
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(r)
					if err != nil || !bytes.Equal(got, text[offset:end]) {
						t.Errorf("from %d to %d: %d bytes, %v", offset, end, len(got), err)
					}
					for range 2 {
						if err := r.Close(); err != nil {
							t.Error(err)
						}
					}
				}
			}
		})
	}
}

func TestFramesDamaged(t *testing.T) {
	t.Parallel()
	store := blobs(t)
	if _, err := openFrames(t.Context(), store, "missing", 0, 1); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("no blob: got %v", err)
	}
	for name, content := range map[string]string{
		"empty": "", "short": "x", "no-table": string(make([]byte, 100)),
		"table-too-long": string(make([]byte, 91)) + "\xff\xff\xff\x0f\x00\xb1\xea\x92\x8f",
	} {
		if _, err := store.Put(t.Context(), name, bytes.NewReader([]byte(content))); err != nil {
			t.Fatal(err)
		}
		if _, err := openFrames(t.Context(), store, name, frameBytes, frameBytes+1); !errors.Is(err, errTable) {
			t.Errorf("%s: got %v, want a damaged table", name, err)
		}
	}
}
