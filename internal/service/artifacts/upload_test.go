package artifacts_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bridle-ci/bridle/internal/blob"
	"github.com/bridle-ci/bridle/internal/core/artifact"
	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/service/artifacts"
	"github.com/bridle-ci/bridle/internal/store"
)

func TestUpload(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		id := b.upload(t, "dir/größe.txt", "content", "empty", "")[0]
		actor, owner := b.world.MemberActor(), artifacts.Owner{JobID: b.job.ID}
		link, err := b.DownloadURL(t.Context(), actor, owner, id)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(link, "/files/gr%C3%B6%C3%9Fe.txt?") {
			t.Errorf("link %s does not end with the file's name", link)
		}
		if got := b.download(t, link); got != "content" {
			t.Errorf("got %q", got)
		}
		elements, signature := follow(t, link)
		for name, change := range map[string]func() (string, artifacts.Signature){
			"another artifact": func() (string, artifacts.Signature) { return store.NewID(), signature },
			"a later end": func() (string, artifacts.Signature) {
				return elements[0], artifacts.Signature{Expires: "9999999999", Value: signature.Value}
			},
			"no signature": func() (string, artifacts.Signature) { return elements[0], artifacts.Signature{} },
			"no hex": func() (string, artifacts.Signature) {
				return elements[0], artifacts.Signature{Expires: signature.Expires, Value: "zz"}
			},
		} {
			id, s := change()
			if _, err := b.Open(t.Context(), id, s); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: got %v, want forbidden", name, err)
			}
		}
		b.clock.Advance(time.Minute)
		if _, err := b.Open(t.Context(), elements[0], signature); !fault.Is(err, fault.Forbidden) {
			t.Errorf("after a minute: got %v, want forbidden", err)
		}
	})
}

func TestUploadRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		c := b.create(t, batch(item("a.txt", "AAA"), item("b.txt", "B")))
		good := fields(c.Instructions, "a.txt")
		with := func(key, value string) map[string]string {
			changed := maps.Clone(good)
			changed[key] = value
			return changed
		}
		broken := errors.New("connection reset")
		for name, c := range map[string]struct {
			fields map[string]string
			file   io.Reader
			want   fault.Kind
		}{
			"nothing signed":  {map[string]string{}, strings.NewReader("AAA"), fault.Forbidden},
			"another job":     {with("job", store.NewID()), strings.NewReader("AAA"), fault.Forbidden},
			"another batch":   {with("batch", store.NewID()), strings.NewReader("AAA"), fault.Forbidden},
			"an artifact":     {with("artifact", c.ArtifactIDs[0]), strings.NewReader("AAA"), fault.Forbidden},
			"a later end":     {with("expires", "9999999999"), strings.NewReader("AAA"), fault.Forbidden},
			"an unknown path": {with("path", "c.txt"), strings.NewReader("AAA"), fault.NotFound},
			"too short":       {good, strings.NewReader("AA"), fault.Invalid},
			"too long":        {good, strings.NewReader("AAAA"), fault.Invalid},
			"broken off":      {good, io.MultiReader(strings.NewReader("A"), iotest.ErrReader(broken)), fault.Malformed},
		} {
			if err := b.Upload(t.Context(), c.fields, c.file); fault.KindOf(err) != c.want {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
		}
		if err := b.finish(t, c.ArtifactIDs[0]); !fault.Is(err, fault.Invalid) {
			t.Errorf("finished without bytes: got %v", err)
		}
		b.clock.Advance(25 * time.Hour)
		if err := b.Upload(t.Context(), good, strings.NewReader("AAA")); !fault.Is(err, fault.Forbidden) {
			t.Errorf("after a day: got %v", err)
		}
	})
}

func TestUploadOfTwins(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		c := b.create(t, batch(item("a.txt", "first"), item("a.txt", "second!")))
		twin, ok := c.PerArtifact[c.ArtifactIDs[1]]
		if !ok || len(c.PerArtifact) != 1 {
			t.Fatalf("got %+v, want instructions for the second", c.PerArtifact)
		}
		for _, u := range []struct {
			in      artifacts.Instructions
			content string
		}{{c.Instructions, "first"}, {twin, "second!"}} {
			if err := b.Upload(t.Context(), fields(u.in, "a.txt"), strings.NewReader(u.content)); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.finish(t, c.ArtifactIDs...); err != nil {
			t.Fatal(err)
		}
		found, err := b.Search(t.Context(), b.job, artifacts.Search{BuildID: b.job.BuildID, Query: "a.txt"})
		if err != nil || len(found) != 1 || b.download(t, found[0].URL) != "second!" {
			t.Errorf("found %+v, %v; want the second", found, err)
		}
	})
}

func TestUploadAfterTheEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		c := b.create(t, batch(item("a.txt", "A")))
		for range 2 { // an answer may get lost
			if err := b.Upload(t.Context(), fields(c.Instructions, "a.txt"), strings.NewReader("A")); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := b.finish(t, c.ArtifactIDs...); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Upload(t.Context(), fields(c.Instructions, "a.txt"), strings.NewReader("B")); !fault.Is(err, fault.Conflict) {
			t.Errorf("got %v, want a conflict", err)
		}
	})
}

func TestUploadInParts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		content := bytes.Repeat([]byte("0123456789abcde\n"), artifact.MultipartFrom/16+100)
		in := batch(item("large.bin", string(content)), item("small", "S"))
		in.Multipart = true
		c := b.create(t, in)
		large := c.PerArtifact[c.ArtifactIDs[0]]
		if len(large.Actions) != 8 || len(c.PerArtifact) != 1 {
			t.Fatalf("%d parts, %d instructions", len(large.Actions), len(c.PerArtifact))
		}
		var (
			parts []blob.Part
			rest  = content
		)
		for i, action := range large.Actions {
			n := len(content) / len(large.Actions)
			if i < len(content)%len(large.Actions) {
				n++
			}
			elements, signature := follow(t, action.URL)
			if elements[2] != strconv.Itoa(action.PartNumber) || action.PartNumber != i+1 || action.Method != "PUT" {
				t.Fatalf("action %+v", action)
			}
			part := rest[:n]
			rest = rest[n:]
			if i == 0 {
				for name, body := range map[string][]byte{"short": part[1:], "long": append(bytes.Clone(part), 'x')} {
					if _, err := b.UploadPart(t.Context(), elements[0], elements[2], signature, bytes.NewReader(body), -1); !fault.Is(err, fault.Invalid) {
						t.Errorf("%s part: got %v", name, err)
					}
				}
				if _, err := b.UploadPart(t.Context(), elements[0], "2", signature, bytes.NewReader(part), int64(n)); !fault.Is(err, fault.Forbidden) {
					t.Errorf("another part's number: got %v", err)
				}
				if _, err := b.UploadPart(t.Context(), elements[0], elements[2], signature, bytes.NewReader(part), int64(n)+1); !fault.Is(err, fault.Invalid) {
					t.Errorf("another length: got %v", err)
				}
			}
			etag, err := b.UploadPart(t.Context(), elements[0], elements[2], signature, bytes.NewReader(part), int64(n))
			if err != nil || etag == "" {
				t.Fatalf("part %d: %q, %v", i+1, etag, err)
			}
			parts = append(parts, blob.Part{Number: action.PartNumber, ETag: etag})
		}
		finish := func(parts []blob.Part) error {
			return b.SetStates(t.Context(), b.job, []artifacts.StateChange{{ID: c.ArtifactIDs[0], State: store.ArtifactFinished, Parts: parts}})
		}
		wrong := slices.Clone(parts)
		wrong[0].ETag = "x"
		for name, bad := range map[string][]blob.Part{"another etag": wrong, "some": parts[:1], "none": nil} {
			if err := finish(bad); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		again := b.create(t, in)
		if len(again.PerArtifact[c.ArtifactIDs[0]].Actions) != 8 {
			t.Errorf("announced again: %+v", again.PerArtifact)
		}
		for range 2 {
			if err := finish(parts); err != nil {
				t.Fatal(err)
			}
		}
		link, err := b.DownloadURL(t.Context(), b.world.MemberActor(), artifacts.Owner{BuildID: b.job.BuildID}, c.ArtifactIDs[0])
		if err != nil {
			t.Fatal(err)
		}
		if got := b.download(t, link); got != string(content) {
			t.Errorf("got %d bytes, want %d", len(got), len(content))
		}
	})
}

func TestSetStatesRefusals(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		c := b.create(t, batch(item("a.txt", "A"), item("b.txt", "B")))
		if err := b.Upload(t.Context(), fields(c.Instructions, "a.txt"), strings.NewReader("A")); err != nil {
			t.Fatal(err)
		}
		other := b
		job := *b.job
		job.ID = store.NewID()
		other.job = &job
		for name, c := range map[string]struct {
			by      bundle
			changes []artifacts.StateChange
			want    fault.Kind
		}{
			"no state":         {b, []artifacts.StateChange{{ID: c.ArtifactIDs[0], State: "x"}}, fault.Invalid},
			"no id":            {b, []artifacts.StateChange{{ID: "x", State: store.ArtifactError}}, fault.NotFound},
			"unknown":          {b, []artifacts.StateChange{{ID: store.NewID(), State: store.ArtifactError}}, fault.NotFound},
			"another job's":    {other, []artifacts.StateChange{{ID: c.ArtifactIDs[0], State: store.ArtifactFinished}}, fault.NotFound},
			"one not uploaded": {b, []artifacts.StateChange{{ID: c.ArtifactIDs[0], State: store.ArtifactFinished}, {ID: c.ArtifactIDs[1], State: store.ArtifactFinished}}, fault.Invalid},
		} {
			if err := c.by.SetStates(t.Context(), c.by.job, c.changes); fault.KindOf(err) != c.want {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
		}
		a, err := store.GetArtifact(t.Context(), b.store.Read(), c.ArtifactIDs[0])
		if err != nil || a.State != store.ArtifactNew {
			t.Errorf("state %s, %v; want it unchanged", a.State, err)
		}
	})
}

func TestSetStatesError(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b bundle) {
		c := b.create(t, batch(item("a.txt", "A")))
		if err := b.Upload(t.Context(), fields(c.Instructions, "a.txt"), strings.NewReader("A")); err != nil {
			t.Fatal(err)
		}
		if err := b.SetStates(t.Context(), b.job, []artifacts.StateChange{{ID: c.ArtifactIDs[0], State: store.ArtifactError}}); err != nil {
			t.Fatal(err)
		}
		if err := b.finish(t, c.ArtifactIDs...); err != nil {
			t.Fatal(err)
		}
		a, err := store.GetArtifact(t.Context(), b.store.Read(), c.ArtifactIDs[0])
		if err != nil || a.State != store.ArtifactError {
			t.Errorf("state %s, %v; want it to stay an error", a.State, err)
		}
		b.drain(t)
		if _, err := b.blobs.Stat(t.Context(), a.BlobKey); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("the object: got %v, want it gone", err)
		}
	})
}
