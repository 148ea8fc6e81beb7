package logging_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/bridle-ci/bridle/internal/platform/logging"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ level, format, want string }{
		"json":          {"info", logging.JSON, `"msg":"shown"`},
		"text":          {"info", logging.Text, "msg=shown"},
		"not a person":  {"info", logging.Auto, `"msg":"shown"`},
		"debug":         {"debug", logging.Text, "msg=hidden"},
		"level is kept": {"warn", logging.Text, "msg=loud"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log, err := logging.New(&out, tt.level, tt.format)
			if err != nil {
				t.Fatal(err)
			}
			log.Debug("hidden")
			log.Info("shown")
			log.Warn("loud")
			if !strings.Contains(out.String(), tt.want) {
				t.Errorf("%q is not in %s", tt.want, out.String())
			}
			if tt.level != "debug" && strings.Contains(out.String(), "hidden") {
				t.Errorf("a debug message is in %s", out.String())
			}
			if tt.level == "warn" && strings.Contains(out.String(), "shown") {
				t.Errorf("an info message is in %s", out.String())
			}
			if tt.format == logging.JSON && !json.Valid(bytes.Split(out.Bytes(), []byte("\n"))[0]) {
				t.Errorf("not JSON: %s", out.String())
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ level, format, want string }{
		"level":  {"loud", logging.Text, `log level "loud": use debug`},
		"format": {"info", "xml", `log format "xml": use auto`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := logging.New(&bytes.Buffer{}, tt.level, tt.format); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
