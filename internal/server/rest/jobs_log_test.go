package rest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bridle-ci/bridle/internal/core/build"
	"github.com/bridle-ci/bridle/internal/service/logs"
	"github.com/bridle-ci/bridle/internal/store"
)

const (
	logTime = "\x1b_bk;t=1700000000123\a"
	logText = logTime + "~~~ Running \x1b[32mtests\x1b[0m\r\n\"ok\" <b>\xff</b>\n"
)

// loggedJob adds a job with a log and returns its id.
func (w *world) loggedJob(tb testing.TB, text string) string {
	tb.Helper()
	id := w.manyJobs(tb, 1, func(int, *store.Job) {})[0]
	if text != "" {
		err := w.logs.Append(tb.Context(), id, logs.Chunk{Sequence: 1, Size: int64(len(text)), Data: []byte(text)})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return id
}

func TestLogForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.loggedJob(t, logText)
	const jsonType, textType, htmlType = "application/json; charset=utf-8", "text/plain; charset=utf-8", "text/html; charset=utf-8"
	for _, path := range []string{w.jobsPath() + "/" + id + "/log", "jobs/" + id + "/log"} {
		for name, tt := range map[string]struct{ suffix, accept, contentType string }{
			"nothing asked for":      {"", "", jsonType},
			"anything":               {"", "*/*", jsonType},
			"JSON":                   {"", "application/json", jsonType},
			"text":                   {"", "text/plain", textType},
			"text with a preference": {"", "text/plain; q=0.9, */*", textType},
			"HTML":                   {"", "Text/HTML,application/xhtml+xml", htmlType},
			"HTML liked less":        {"", "text/html;q=0.1, text/plain;level=1;Q=0.5, application/json;q=0", textType},
			"a quality of no number": {"", "text/html;q=x, text/plain", htmlType},
			"text by name":           {".txt", "", textType},
			"HTML by name":           {".html", "application/json", htmlType},
		} {
			res := w.get(t, path+tt.suffix, header("Accept", tt.accept)).want(t, http.StatusOK)
			if got := res.Header.Get("Content-Type"); got != tt.contentType {
				t.Errorf("%s: %s is %s, want %s", name, path, got, tt.contentType)
			}
			switch tt.contentType {
			case jsonType:
				var got struct {
					URL         string  `json:"url"`
					Content     string  `json:"content"`
					Size        int     `json:"size"`
					HeaderTimes []int64 `json:"header_times"`
				}
				res.into(t, &got)
				if got.URL != testBase+w.path(w.jobsPath())+"/"+id+"/log" || got.Size != len(logText) ||
					got.Content != strings.ToValidUTF8(logText, "\ufffd") ||
					!cmp.Equal(got.HeaderTimes, []int64{1700000000123000000}) {
					t.Errorf("%s: %+v", name, got)
				}
			case textType:
				if diff := cmp.Diff(logText, string(res.body)); diff != "" {
					t.Errorf("%s differs (-want +got):\n%s", name, diff)
				}
			case htmlType:
				if body := string(res.body); !strings.Contains(body, "term-fg32") || strings.Contains(body, "<b>") {
					t.Errorf("%s: %s", name, body)
				}
				if got := res.Header.Get("Content-Security-Policy"); !strings.Contains(got, "sandbox") {
					t.Errorf("%s: Content-Security-Policy is %q", name, got)
				}
			}
		}
	}
}

func TestLogHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.loggedJob(t, logText)
	for _, path := range []string{w.jobsPath() + "/" + id + "/log", "jobs/" + id + "/log", "jobs/" + id + "/log.txt"} {
		res := w.do(t, http.MethodHead, path, "", header("Accept-Encoding", "gzip")).want(t, http.StatusOK)
		if res.ContentLength != int64(len(logText)) || res.Header.Get("Accept-Ranges") != "bytes" || len(res.body) > 0 {
			t.Errorf("%s: length %d, %v", path, res.ContentLength, res.Header)
		}
	}
}

func TestLogRanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.loggedJob(t, "0123456789")
	tests := map[string]struct {
		accept, ranges string
		status         int
		contentRange   string
		body           string
	}{
		"the end":              {"text/plain", "bytes=-3", 206, "bytes 7-9/10", "789"},
		"all":                  {"text/plain", "bytes=-10", 206, "bytes 0-9/10", "0123456789"},
		"more than there is":   {"text/plain", "bytes=-99", 206, "bytes 0-9/10", "0123456789"},
		"nothing":              {"text/plain", "bytes=-0", 400, "", ""},
		"the beginning":        {"text/plain", "bytes=0-3", 400, "", ""},
		"from somewhere on":    {"text/plain", "bytes=3-", 400, "", ""},
		"several":              {"text/plain", "bytes=-1,-2", 400, "", ""},
		"another unit":         {"text/plain", "lines=-1", 400, "", ""},
		"beyond every integer": {"text/plain", "bytes=-99999999999999999999", 400, "", ""},
		"of JSON":              {"", "bytes=-3", 400, "", ""},
		"of HTML":              {"text/html", "bytes=-3", 400, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := w.get(t, "jobs/"+id+"/log", header("Accept", tt.accept), header("Range", tt.ranges),
				header("Accept-Encoding", "gzip")).want(t, tt.status)
			if got := res.Header.Get("Content-Range"); got != tt.contentRange {
				t.Errorf("Content-Range is %q, want %q", got, tt.contentRange)
			}
			if tt.body != "" && string(res.body) != tt.body {
				t.Errorf("body is %q, want %q", res.body, tt.body)
			}
		})
	}
}

func TestEmptyLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.loggedJob(t, "")
	if got := string(w.get(t, "jobs/"+id+"/log.txt").want(t, 200).body); got != "" {
		t.Errorf("text is %q", got)
	}
	want := `{"url":"` + testBase + w.path(w.jobsPath()) + "/" + id + `/log","content":"","size":0,"header_times":[]}`
	if diff := cmp.Diff(want, string(w.get(t, "jobs/"+id+"/log").want(t, 200).body)); diff != "" {
		t.Errorf("object differs (-want +got):\n%s", diff)
	}
	w.get(t, "jobs/"+id+"/log.txt", header("Range", "bytes=-5")).wantError(t, 416, "The log is empty")
}

func TestLogOfNoCommandJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.manyJobs(t, 1, func(_ int, j *store.Job) { j.Type, j.State = build.Waiter, build.JobWaiting })[0]
	for _, path := range []string{"/log", "/log.txt", "/env"} {
		w.get(t, "jobs/"+id+path).wantError(t, 404, "No job found")
	}
}

func TestJobEnv(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.manyJobs(t, 1, func(int, *store.Job) {})[0]
	var body struct {
		Env map[string]string `json:"env"`
	}
	w.get(t, "jobs/"+id+"/env").want(t, 200).into(t, &body)
	if body.Env["BUILDKITE_JOB_ID"] != id {
		t.Errorf("BUILDKITE_JOB_ID is %q", body.Env["BUILDKITE_JOB_ID"])
	}
	text := string(w.get(t, w.jobsPath()+"/"+id+"/env.txt").want(t, 200).body)
	if !strings.Contains(text, "BUILDKITE_JOB_ID="+id+"\n") || strings.Count(text, "\n") < len(body.Env) {
		t.Errorf("env.txt:\n%s", text)
	}
}

func TestLineOf(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":                        "",
		`a "b" $c \d`:             `a "b" $c \d`,
		"one\nEVIL=1":             `"one\nEVIL=1"`,
		"a \"b\"\r\n$HOME \\ end": `"a \"b\"\r\n\$HOME \\ end"`,
	} {
		if got := lineOf(value); got != want {
			t.Errorf("%q is written %s, want %s", value, got, want)
		}
	}
}

// FuzzJSONText proves that a log in any pieces becomes the string that encoding/json would make of it.
func FuzzJSONText(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[31mred\x1b[0m\r\n", "é√🛠", "\xff\xfe", "\xf0\x9f\x9b", `"\` + "\t\x00\x7f", "\u2028"} {
		f.Add([]byte(seed), 1)
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		size = max(size, 1)
		var b bytes.Buffer
		w := bufio.NewWriter(&b)
		js := &jsonText{w: w}
		for rest := text; len(rest) > 0; {
			n := min(size, len(rest))
			if got, err := js.Write(rest[:n]); got != n || err != nil {
				t.Fatalf("Write = %d, %v", got, err)
			}
			rest = rest[n:]
		}
		js.close()
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		var got, want string
		if err := json.Unmarshal([]byte(`"`+b.String()+`"`), &got); err != nil {
			t.Fatalf("%q is no string: %v", b.String(), err)
		}
		encoded, err := json.Marshal(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(encoded, &want); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
