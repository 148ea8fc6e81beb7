// Package blobtest holds the behaviors that every blob.Store has.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/bridle-ci/bridle/internal/blob"
)

// Run checks a store; open returns an empty one.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, s blob.Store){
		"put and get":              putAndGet,
		"ranges":                   ranges,
		"missing object":           missingObject,
		"bad keys":                 badKeys,
		"similar keys":             similarKeys,
		"failed put":               failedPut,
		"canceled":                 canceled,
		"delete":                   deletes,
		"delete a prefix":          deletesPrefix,
		"replaced while read":      replacedWhileRead,
		"concurrent use":           concurrentUse,
		"parts":                    parts,
		"bad parts":                badParts,
		"parts of nothing":         partsOfNothing,
		"aborted upload":           abortedUpload,
		"two uploads of an object": twoUploads,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func put(t *testing.T, s blob.Store, key, content string) {
	t.Helper()
	info, err := s.Put(t.Context(), key, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size != int64(len(content)) {
		t.Errorf("put %s: size %d, want %d", key, info.Size, len(content))
	}
}

func get(t *testing.T, s blob.Store, key string, offset, length int64) string {
	t.Helper()
	r, _, err := s.Get(t.Context(), key, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func expect(t *testing.T, s blob.Store, key, want string) {
	t.Helper()
	if got := get(t, s, key, 0, -1); got != want {
		t.Errorf("%s holds %.100q, want %.100q", key, got, want)
	}
}

func expectMissing(t *testing.T, s blob.Store, key string) {
	t.Helper()
	if _, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("stat %s: %v, want ErrNotFound", key, err)
	}
	if r, _, err := s.Get(t.Context(), key, 0, -1); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("get %s: %v, want ErrNotFound", key, err)
		if err == nil {
			_ = r.Close()
		}
	}
}

func putAndGet(t *testing.T, s blob.Store) {
	for name, content := range map[string]string{
		"empty": "", "small": "small", "binary": "\x00\xff\r\n", "large": strings.Repeat("0123456789", 300_000),
	} {
		put(t, s, "logs/"+name, content)
		expect(t, s, "logs/"+name, content)
		info, err := s.Stat(t.Context(), "logs/"+name)
		if err != nil || info.Size != int64(len(content)) || info.ModifiedAt.IsZero() {
			t.Errorf("%s: stat %+v, %v", name, info, err)
		}
	}
	put(t, s, "logs/small", "other")
	expect(t, s, "logs/small", "other")
}

func ranges(t *testing.T, s blob.Store) {
	const key = "logs/1"
	put(t, s, key, "0123456789")
	for _, c := range []struct {
		offset, length int64
		want           string
	}{
		{0, -1, "0123456789"},
		{0, 0, ""},
		{0, 3, "012"},
		{3, 4, "3456"},
		{3, -1, "3456789"},
		{8, 100, "89"},
		{9, 1, "9"},
		{10, -1, ""},
		{10, 5, ""},
	} {
		if got := get(t, s, key, c.offset, c.length); got != c.want {
			t.Errorf("range %d+%d holds %q, want %q", c.offset, c.length, got, c.want)
		}
		r, info, err := s.Get(t.Context(), key, c.offset, c.length)
		if err != nil || info.Size != 10 {
			t.Fatalf("range %d+%d: info %+v, %v; want that of the whole object", c.offset, c.length, info, err)
		}
		var copied bytes.Buffer
		if n, err := io.Copy(&copied, r); err != nil || copied.String() != c.want || n != int64(len(c.want)) {
			t.Errorf("range %d+%d copied %q (%d), %v", c.offset, c.length, &copied, n, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, offset := range []int64{11, -1} {
		if _, _, err := s.Get(t.Context(), key, offset, -1); !errors.Is(err, blob.ErrRange) {
			t.Errorf("range from %d: %v, want ErrRange", offset, err)
		}
	}
}

func missingObject(t *testing.T, s blob.Store) {
	expectMissing(t, s, "logs/1")
	put(t, s, "logs/1/text", "x")
	for _, key := range []string{"logs/1", "logs", "logs/1/text/x", "logs/2"} {
		expectMissing(t, s, key)
	}
}

func badKeys(t *testing.T, s blob.Store) {
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/.", "a b", "a\\b", "a\x00", "ä", "a~", "!a", "C:",
		strings.Repeat("x", blob.MaxSegment+1), strings.Repeat("x/", blob.MaxKey/2) + "x",
	} {
		_, putErr := s.Put(t.Context(), key, strings.NewReader("x"))
		_, _, getErr := s.Get(t.Context(), key, 0, -1)
		_, statErr := s.Stat(t.Context(), key)
		_, partsErr := s.CreateParts(t.Context(), key)
		for call, err := range map[string]error{
			"put": putErr, "get": getErr, "stat": statErr, "create parts": partsErr,
			"delete": s.Delete(t.Context(), key), "delete prefix": s.DeletePrefix(t.Context(), key+"/"),
		} {
			if !errors.Is(err, blob.ErrBadKey) {
				t.Errorf("%s %.30q: %v, want ErrBadKey", call, key, err)
			}
		}
	}
	if err := s.DeletePrefix(t.Context(), "logs"); !errors.Is(err, blob.ErrBadKey) {
		t.Errorf("delete prefix without a slash: %v, want ErrBadKey", err)
	}
}

func similarKeys(t *testing.T, s blob.Store) {
	keys := []string{
		"a", "A", "a/b", "a/B", "A/b", "a/b/c", "a/b/C", "a/b.o", "a/b.o/c", ".a", "-a", "_", "...", "a/0b/c",
		strings.Repeat("X", blob.MaxSegment), strings.Repeat(strings.Repeat("y", blob.MaxSegment)+"/", 5) + "z",
	}
	for _, key := range keys {
		put(t, s, key, "this is "+key)
	}
	for _, key := range keys {
		expect(t, s, key, "this is "+key)
	}
}

func failedPut(t *testing.T, s blob.Store) {
	put(t, s, "logs/1", "old")
	broken := errors.New("broken")
	for _, key := range []string{"logs/1", "logs/2"} {
		_, err := s.Put(t.Context(), key, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("got %v, want the reader's error", err)
		}
	}
	expect(t, s, "logs/1", "old")
	expectMissing(t, s, "logs/2")
}

func canceled(t *testing.T, s blob.Store) {
	put(t, s, "logs/1", "old")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, putErr := s.Put(ctx, "logs/1", strings.NewReader("new"))
	_, _, getErr := s.Get(ctx, "logs/1", 0, -1)
	_, statErr := s.Stat(ctx, "logs/1")
	for call, err := range map[string]error{
		"put": putErr, "get": getErr, "stat": statErr, "delete": s.Delete(ctx, "logs/1"), "delete prefix": s.DeletePrefix(ctx, "logs/"),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want that it was canceled", call, err)
		}
	}
	expect(t, s, "logs/1", "old")
}

func deletes(t *testing.T, s blob.Store) {
	put(t, s, "logs/1", "x")
	put(t, s, "logs/1/text", "x")
	for range 2 {
		if err := s.Delete(t.Context(), "logs/1"); err != nil {
			t.Fatal(err)
		}
	}
	expectMissing(t, s, "logs/1")
	expect(t, s, "logs/1/text", "x")
	put(t, s, "logs/1", "again")
	expect(t, s, "logs/1", "again")
}

func deletesPrefix(t *testing.T, s blob.Store) {
	gone := []string{"logs/1/a", "logs/1/b", "logs/1/c/d"}
	kept := []string{"logs/1", "logs/10/a", "logs/2/a", "logs/1.x/a", "other/1/a"}
	for _, key := range append(gone, kept...) {
		put(t, s, key, key)
	}
	for range 2 {
		if err := s.DeletePrefix(t.Context(), "logs/1/"); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range gone {
		expectMissing(t, s, key)
	}
	for _, key := range kept {
		expect(t, s, key, key)
	}
	if err := s.DeletePrefix(t.Context(), "logs/"); err != nil {
		t.Fatal(err)
	}
	for _, key := range kept[:4] {
		expectMissing(t, s, key)
	}
	expect(t, s, "other/1/a", "other/1/a")
}

func replacedWhileRead(t *testing.T, s blob.Store) {
	old := strings.Repeat("old", 100_000)
	put(t, s, "logs/1", old)
	r, _, err := s.Get(t.Context(), "logs/1", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	head := make([]byte, 3)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatal(err)
	}
	put(t, s, "logs/1", "new")
	rest, err := io.ReadAll(r)
	if err != nil || string(head)+string(rest) != old {
		t.Errorf("a reader got %d other bytes, %v", len(rest), err)
	}
}

func concurrentUse(t *testing.T, s blob.Store) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 30 {
				key, content := fmt.Sprintf("logs/%d/%d", n%3, i), strings.Repeat(fmt.Sprint(i), 1000)
				if _, err := s.Put(t.Context(), key, strings.NewReader(content)); err != nil {
					t.Error(err)
					return
				}
				expect(t, s, key, content)
				if err := s.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func createParts(t *testing.T, s blob.Store, key string) string {
	t.Helper()
	id, err := s.CreateParts(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func putPart(t *testing.T, s blob.Store, key, id string, number int, content string) blob.Part {
	t.Helper()
	etag, err := s.PutPart(t.Context(), key, id, number, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if etag == "" {
		t.Error("no etag")
	}
	return blob.Part{Number: number, ETag: etag}
}

// largePart is the least that some stores take for all parts but the last.
var largePart = strings.Repeat("0123456789abcdef", 5<<20/16)

func parts(t *testing.T, s blob.Store) {
	const key = "artifacts/1"
	put(t, s, key, "old")
	id := createParts(t, s, key)
	last := putPart(t, s, key, id, 7, "end")
	replaced := putPart(t, s, key, id, 2, "wrong")
	first := putPart(t, s, key, id, 2, largePart)
	putPart(t, s, key, id, 3, "left out")
	expect(t, s, key, "old")
	if replaced == first {
		t.Error("different contents have one etag")
	}
	info, err := s.Complete(t.Context(), key, id, []blob.Part{first, last})
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(len(largePart) + len("end")); info.Size != want {
		t.Errorf("size %d, want %d", info.Size, want)
	}
	expect(t, s, key, largePart+"end")
	if _, err := s.PutPart(t.Context(), key, id, 1, strings.NewReader("late")); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("part after completion: %v, want ErrNotFound", err)
	}
	if _, err := s.Complete(t.Context(), key, id, []blob.Part{first, last}); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("second completion: %v, want ErrNotFound", err)
	}
}

func badParts(t *testing.T, s blob.Store) {
	const key = "artifacts/1"
	id := createParts(t, s, key)
	one, two := putPart(t, s, key, id, 1, "one"), putPart(t, s, key, id, 2, "two")
	for name, list := range map[string][]blob.Part{
		"none":          {},
		"not uploaded":  {one, two, {Number: 3, ETag: two.ETag}},
		"other etag":    {{Number: 1, ETag: two.ETag}},
		"no etag":       {{Number: 1}},
		"path as etag":  {{Number: 1, ETag: "../../key"}},
		"wrong order":   {two, one},
		"repeated":      {one, one},
		"number zero":   {{Number: 0, ETag: one.ETag}},
		"number beyond": {{Number: blob.MaxParts + 1, ETag: one.ETag}},
	} {
		if _, err := s.Complete(t.Context(), key, id, list); !errors.Is(err, blob.ErrBadPart) {
			t.Errorf("%s: %v, want ErrBadPart", name, err)
		}
	}
	for _, number := range []int{-1, 0, blob.MaxParts + 1} {
		if _, err := s.PutPart(t.Context(), key, id, number, strings.NewReader("x")); !errors.Is(err, blob.ErrBadPart) {
			t.Errorf("number %d: %v, want ErrBadPart", number, err)
		}
	}
	expectMissing(t, s, key)
	broken := errors.New("broken")
	if _, err := s.PutPart(t.Context(), key, id, 1, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
	if _, err := s.Complete(t.Context(), key, id, []blob.Part{one}); err != nil {
		t.Errorf("after all these: %v", err)
	}
	expect(t, s, key, "one")
}

func partsOfNothing(t *testing.T, s blob.Store) {
	const key = "artifacts/1"
	id := createParts(t, s, key)
	part := putPart(t, s, key, id, 1, "x")
	for name, c := range map[string]struct{ key, id string }{
		"no id": {key, ""}, "unknown id": {key, "AAAA"}, "path as id": {key, "../temp"}, "other key": {"artifacts/2", id},
	} {
		if _, err := s.PutPart(t.Context(), c.key, c.id, 1, strings.NewReader("x")); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: put %v, want ErrNotFound", name, err)
		}
		if _, err := s.Complete(t.Context(), c.key, c.id, []blob.Part{part}); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: complete %v, want ErrNotFound", name, err)
		}
		if err := s.Abort(t.Context(), c.key, c.id); err != nil {
			t.Errorf("%s: abort %v", name, err)
		}
	}
	if _, err := s.Complete(t.Context(), key, id, []blob.Part{part}); err != nil {
		t.Errorf("the upload itself: %v", err)
	}
}

func abortedUpload(t *testing.T, s blob.Store) {
	const key = "artifacts/1"
	id := createParts(t, s, key)
	part := putPart(t, s, key, id, 1, "x")
	for range 2 {
		if err := s.Abort(t.Context(), key, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Complete(t.Context(), key, id, []blob.Part{part}); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	expectMissing(t, s, key)
}

func twoUploads(t *testing.T, s blob.Store) {
	const key = "artifacts/1"
	one, two := createParts(t, s, key), createParts(t, s, key)
	ofOne, ofTwo := putPart(t, s, key, one, 1, "one"), putPart(t, s, key, two, 1, "two")
	if _, err := s.Complete(t.Context(), key, two, []blob.Part{ofTwo}); err != nil {
		t.Fatal(err)
	}
	expect(t, s, key, "two")
	if _, err := s.Complete(t.Context(), key, one, []blob.Part{ofOne}); err != nil {
		t.Fatal(err)
	}
	expect(t, s, key, "one")
}
