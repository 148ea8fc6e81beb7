package agentapi

import (
	"bytes"
	"errors"
	"net/url"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/bridle-ci/bridle/internal/server/agentapi/agentedge"
)

func TestGRPCTimeout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "1H": time.Hour, "60S": time.Minute, "59999m": 59999 * time.Millisecond, "2M": 2 * time.Minute,
		"7u": 7 * time.Microsecond, "99999999n": 99999999,
	} {
		if got, ok := grpcTimeout(text); got != want || !ok {
			t.Errorf("%q is %s, %t; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"H", "1", "1h", "-1S", "+1S", "1.5S", "0S", "123456789n", "99999999H", " 1S"} {
		if got, ok := grpcTimeout(text); ok {
			t.Errorf("%q is %s, want none", text, got)
		}
	}
}

func TestGRPCStatus(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err           error
		code, message string
	}{
		"well":           {nil, "0", ""},
		"with a code":    {errShutdown, "14", "the server is shutting down"},
		"for people":     {connect.NewError(connect.CodeAborted, errors.New("100 %\r\nübel")), "10", "100 %25%0D%0A%C3%BCbel"},
		"without a code": {errors.New("odd"), "2", "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code, message := grpcStatus(tt.err); code != tt.code || message != tt.message {
				t.Errorf("%s %q, want %s %q", code, message, tt.code, tt.message)
			}
		})
	}
}

func FuzzGRPCEscape(f *testing.F) {
	f.Add("plain")
	f.Add("100 %\r\n\x00\xffü")
	f.Fuzz(func(t *testing.T, text string) {
		escaped := grpcEscape(text)
		if got, err := url.PathUnescape(escaped); err != nil || got != text {
			t.Errorf("%q becomes %q, which is %q and %v", text, escaped, got, err)
		}
		for _, c := range []byte(escaped) {
			if c < ' ' || c > '~' {
				t.Errorf("%q has the byte %#x", escaped, c)
			}
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x00\x00\x00\x03\x12\x01x"))
	f.Add([]byte("\x01\x00\x00\x00\x00"))
	f.Add([]byte("\x00\xff\xff\xff\xff\x12\x01x"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var in, again agentedge.StreamPingsRequest
		if readEnvelope(raw, &in) != nil {
			return
		}
		sent, err := appendEnvelope([]byte("before"), &in)
		if err != nil {
			t.Fatal(err)
		}
		sent, hadPrefix := bytes.CutPrefix(sent, []byte("before"))
		if err := readEnvelope(sent, &again); err != nil || !hadPrefix || !proto.Equal(&in, &again) {
			t.Errorf("%q is read again as %v and %v", sent, &again, err)
		}
	})
}
