package ids_test

import (
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/core/ids"
	"pgregory.net/rapid"
)

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ name, want string }{
		"lower case":            {"Deploy", "deploy"},
		"runs of spaces":        {"  My   great\tpipeline ", "my-great-pipeline"},
		"emoji marker":          {":rocket: Deploy :+1:", "deploy"},
		"emoji inside a word":   {"big:ship:yard", "bigyard"},
		"other characters":      {"acme/Web & API (v2.0)", "acmeweb-api-v20"},
		"letters beyond ASCII":  {"Zürich Größe", "zrich-gre"},
		"leading hyphens":       {"--flag name", "flag-name"},
		"kept hyphens":          {"a-b--c", "a-b--c"},
		"colons that are none":  {"a: b", "a-b"},
		"nothing left":          {"🚀 ☃ :rocket:", ""},
		"empty":                 {"", ""},
		"a hundred and no more": {strings.Repeat("a", 120), strings.Repeat("a", 100)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ids.Slug(c.name); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		slug := ids.Slug(name)
		if slug != "" && !ids.ValidSlug(slug) {
			t.Fatalf("slug %q of %q is not valid", slug, name)
		}
		if again := ids.Slug(slug); again != slug {
			t.Fatalf("slug of %q is %q", slug, again)
		}
	})
}

func TestValidSlug(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"main": true, "a-b": true, "A1": true, "a-": true, "0": true,
		"": false, "-a": false, "a_b": false, "a b": false, "a\n": false, "ä": false, "a/b": false,
		strings.Repeat("a", 100): true, strings.Repeat("a", 101): false,
	} {
		if got := ids.ValidSlug(text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}

func TestValidQueueKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"default": true, "linux-small": true, "GPU_2": true, "-": true, "": false, "a b": false, "a.b": false, "*": false,
		"a\n": false, strings.Repeat("a", 100): true, strings.Repeat("a", 101): false,
	} {
		if got := ids.ValidQueueKey(key); got != want {
			t.Errorf("%q: got %t", key, got)
		}
	}
}

func TestGlobal(t *testing.T) {
	t.Parallel()
	const uuid = "0198f2ab-0000-7000-8000-000000000001"
	if got, want := ids.Global("Job", uuid), "Sm9iLS0tMDE5OGYyYWItMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAx"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	typeName, id, ok := ids.ParseGlobal(ids.Global("Cluster", uuid))
	if !ok || typeName != "Cluster" || id != uuid {
		t.Errorf("parsed %s, %s, %t", typeName, id, ok)
	}
	for name, text := range map[string]string{
		"not base64":   "Job---1",
		"no separator": "Sm9i",
		"no type":      "LS0tMQ==",
		"no id":        "Sm9iLS0t",
		"empty":        "",
		"unpadded":     "Sm9iLS0tMQ",
	} {
		if typeName, id, ok := ids.ParseGlobal(text); ok {
			t.Errorf("%s: parsed %s, %s", name, typeName, id)
		}
	}
}

func FuzzParseGlobal(f *testing.F) {
	f.Add("Sm9iLS0tMQ==")
	f.Add("LS0t")
	f.Fuzz(func(t *testing.T, text string) {
		typeName, id, ok := ids.ParseGlobal(text)
		if !ok {
			return
		}
		if again, idAgain, ok := ids.ParseGlobal(ids.Global(typeName, id)); !ok || again != typeName || idAgain != id {
			t.Errorf("%q and %q do not survive", typeName, id)
		}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	var random [ids.TokenBytes]byte
	random[0], random[31] = 0xab, 0x01
	token := ids.Token(ids.APITokenPrefix, random)
	if want := "bkua_ab" + strings.Repeat("0", 60) + "01"; token != want {
		t.Errorf("got %s, want %s", token, want)
	}
	// The hash is what rows hold: it must never change.
	const hash = "1d28781cb32cb7a462e4826296d09c4d721ba453bddaacb015f0c700d8be7db7"
	if got := ids.HashToken("bkua_x"); got != hash {
		t.Errorf("got %s, want %s", got, hash)
	}
}

func TestParseUUID(t *testing.T) {
	t.Parallel()
	const uuid = "0198f2ab-0000-7000-8000-00000000000f"
	for _, text := range []string{uuid, strings.ToUpper(uuid)} {
		if got, ok := ids.ParseUUID(text); !ok || got != uuid {
			t.Errorf("%s: got %s, %t", text, got, ok)
		}
	}
	for _, text := range []string{
		"", "main", uuid + "0", uuid[1:], "{" + uuid[2:] + "}", strings.ReplaceAll(uuid, "-", ""),
		strings.Replace(uuid, "f", "g", 1), uuid[:35] + "\n", uuid[:34] + "ſ", strings.Repeat("-", 36),
	} {
		if got, ok := ids.ParseUUID(text); ok {
			t.Errorf("%q: got %s", text, got)
		}
	}
}
