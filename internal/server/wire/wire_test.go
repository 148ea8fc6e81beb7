package wire

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestTime(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 2*60*60)
	tests := map[string]struct {
		time time.Time
		want string
	}{
		"milliseconds":          {time.Date(2015, 5, 9, 21, 5, 59, 874_000_000, time.UTC), `"2015-05-09T21:05:59.874Z"`},
		"whole seconds":         {time.Date(2015, 5, 9, 21, 5, 59, 0, time.UTC), `"2015-05-09T21:05:59.000Z"`},
		"another zone":          {time.Date(2015, 5, 9, 21, 5, 59, 0, zone), `"2015-05-09T19:05:59.000Z"`},
		"finer than it is sent": {time.Date(2015, 5, 9, 21, 5, 59, 874_999_999, time.UTC), `"2015-05-09T21:05:59.874Z"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(Time(tt.time))
			if err != nil || string(got) != tt.want {
				t.Errorf("Time = %s, %v, want %s", got, err, tt.want)
			}
		})
	}
	if got, err := json.Marshal(TimePtr(nil)); err != nil || string(got) != "null" {
		t.Errorf("no time = %s, %v, want null", got, err)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)
	for _, text := range []string{
		"2026-01-31T09:30:00Z", "2026-01-31T10:30:00+01:00", "2026-01-31T09:30:00.000Z", "2026-01-31T09:30:00",
		"2026-01-31 09:30:00 UTC", "2026-01-31T09:30", "2026-01-31T09:30:00+0000", "2026-01-31T04:30:00-0500",
		"2026-01-31T10:30:00 01:00", "2026-01-31T10:30:00 0100", "2026-01-31T09:30Z", "20260131T093000Z",
		"2026-01-31 10:30:00+01:00", "2026-01-31 10:30:00 +0100", "2026-01-31 09:30:00", "2026-01-31T09:30:00.000000",
	} {
		if got, ok := ParseTime(text); !ok || !got.Equal(want) {
			t.Errorf("ParseTime(%q) = %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "yesterday", "2026-13-01", "1769851800", "2026-01-31T09:30:00 UTC", "2026-01-31 09:30:00 EST",
	} {
		if got, ok := ParseTime(text); ok {
			t.Errorf("ParseTime(%q) = %v, want no time", text, got)
		}
	}
}

// TestTimeSurvives reads what is written: clients send times back as filters.
func TestTimeSurvives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 4_000_000_000_000).Draw(t, "milliseconds")
		want := time.UnixMilli(ms)
		if got, ok := ParseTime(Time(want).String()); !ok || !got.Equal(want) {
			t.Fatalf("%v came back as %v", want, got)
		}
	})
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, method, condition string, status int) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(method, "/", nil)
		if condition != "" {
			r.Header.Set("If-None-Match", condition)
		}
		w := httptest.NewRecorder()
		if err := WriteJSON(w, r, status, map[string]string{"message": "<ok> & fine"}); err != nil {
			t.Fatal(err)
		}
		return w
	}
	first := write(t, http.MethodGet, "", 200)
	tag := first.Header().Get("ETag")
	if diff := cmp.Diff(`{"message":"<ok> & fine"}`, first.Body.String()); diff != "" || tag == "" {
		t.Fatalf("body differs (-want +got), ETag %q:\n%s", tag, diff)
	}
	tests := map[string]struct {
		method, condition string
		status, want      int
	}{
		"same":                  {http.MethodGet, tag, 200, 304},
		"same, compared weakly": {http.MethodGet, tag[2:], 200, 304},
		"one of several":        {http.MethodGet, `"other", ` + tag, 200, 304},
		"anything":              {http.MethodGet, "*", 200, 304},
		"another":               {http.MethodGet, `W/"other"`, 200, 200},
		"not for a change":      {http.MethodPut, tag, 200, 200},
		"not for an error":      {http.MethodGet, tag, 404, 404},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := write(t, tt.method, tt.condition, tt.status)
			if w.Code != tt.want || (w.Code == 304) != (w.Body.Len() == 0) {
				t.Errorf("status %d with %d bytes, want %d", w.Code, w.Body.Len(), tt.want)
			}
		})
	}
}

func TestBearerToken(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                   "",
		"Bearer bkua_1":      "bkua_1",
		"bearer bkua_1":      "bkua_1",
		" Bearer  bkua_1 ":   "bkua_1",
		"Basic dXNlcjpwYXNz": "",
		"Bearer":             "",
		"bkua_1":             "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		if got := BearerToken(r); got != want {
			t.Errorf("BearerToken(%q) = %q, want %q", header, got, want)
		}
	}
}

func TestClientIP(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := map[string]struct {
		remote, forwarded, want string
	}{
		"direct":                  {"203.0.113.7:1234", "", "203.0.113.7"},
		"header of a stranger":    {"203.0.113.7:1234", "198.51.100.1", "203.0.113.7"},
		"through a proxy":         {"10.0.0.1:1234", "198.51.100.1", "198.51.100.1"},
		"through two proxies":     {"10.0.0.1:1234", "198.51.100.1, 10.0.0.2", "198.51.100.1"},
		"forged before the proxy": {"10.0.0.1:1234", "1.1.1.1, 198.51.100.1", "198.51.100.1"},
		"nonsense in the header":  {"10.0.0.1:1234", "198.51.100.1, unknown", "10.0.0.1"},
		"only proxies":            {"10.0.0.1:1234", "10.0.0.3", "10.0.0.3"},
		"IPv6":                    {"[2001:db8::1]:1234", "", "2001:db8::1"},
		"IPv4 as IPv6":            {"[::ffff:203.0.113.7]:1234", "", "203.0.113.7"},
		"not an address":          {"@", "", "@"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = tt.remote
			if tt.forwarded != "" {
				r.Header.Set("X-Forwarded-For", tt.forwarded)
			}
			if got := ClientIP(r, proxies); got != tt.want {
				t.Errorf("ClientIP = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if _, err := uuid.Parse(RequestID(r)); err != nil {
		t.Errorf("a new id: %v", err)
	}
	r.Header.Set(RequestIDHeader, "7e6f0f5e-3a4b-4d5a-9d41-0f3b8f2d8f10")
	if got := RequestID(r); got != "7e6f0f5e-3a4b-4d5a-9d41-0f3b8f2d8f10" {
		t.Errorf("the proxy's id became %s", got)
	}
	r.Header.Set(RequestIDHeader, "<script>")
	if got := RequestID(r); got == "<script>" {
		t.Error("an id that is none was kept")
	}
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		write func(http.ResponseWriter)
		want  int
	}{
		"nothing":          {func(http.ResponseWriter) {}, 0},
		"a body alone":     {func(w http.ResponseWriter) { _, _ = w.Write(nil) }, 200},
		"a status":         {func(w http.ResponseWriter) { w.WriteHeader(404); _, _ = w.Write(nil) }, 404},
		"a status in time": {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(201) }, 201},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := 0
			rec := &Recorder{ResponseWriter: httptest.NewRecorder(), BeforeHeader: func() { before++ }}
			tt.write(rec)
			if rec.Status != tt.want || before != min(tt.want, 1) {
				t.Errorf("status %d after %d hooks, want %d", rec.Status, before, tt.want)
			}
		})
	}
}
