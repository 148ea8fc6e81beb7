package swarm

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	work := Work{JobsPerBuild: 1, ChunkBytes: 1, Creators: 1}
	with := func(change func(*Work)) Work {
		w := work
		change(&w)
		return w
	}
	good := options("http://localhost")
	but := func(change func(*Options)) Options {
		o := good
		change(&o)
		return o
	}
	idle := Idle{Duration: time.Second, Probes: 1}
	seeded := but(func(o *Options) { o.Pipeline = "seed-1" })
	rest := Rest{Calls: []string{"page", "create"}, Connections: 1, Duration: time.Second, PerPage: 30}
	reading := func(change func(*Rest)) Rest {
		m := rest
		change(&m)
		return m
	}
	tests := map[string]struct {
		options     Options
		measurement Measurement
		want        string // empty when all is well
	}{
		"idle":                        {good, idle, ""},
		"idle without agents":         {but(func(o *Options) { o.Agents = 0 }), idle, ""},
		"no address":                  {but(func(o *Options) { o.URL = "localhost:80" }), idle, "--url"},
		"address of another protocol": {but(func(o *Options) { o.URL = "ftp://localhost" }), idle, "--url"},
		"fewer than no agents":        {but(func(o *Options) { o.Agents = -1 }), idle, "--agents"},
		"no patience":                 {but(func(o *Options) { o.Patience = 0 }), idle, "--patience"},
		"two servers":                 {but(func(o *Options) { o.ServerPID, o.Start = 1, "x" }), idle, "--server-pid"},
		"no process":                  {but(func(o *Options) { o.ServerPID = -1 }), idle, "--server-pid"},
		"idle for no time":            {good, Idle{Probes: 1}, "--duration"},
		"idle without probes":         {good, Idle{Duration: 1}, "--probes"},

		"jobs":                       {good, Jobs{Work: work, Builds: 1}, ""},
		"jobs without agents":        {but(func(o *Options) { o.Agents = 0 }), Jobs{Work: work, Builds: 1}, "--agents"},
		"no builds":                  {good, Jobs{Work: work}, "builds"},
		"builds without jobs":        {good, Jobs{Work: with(func(w *Work) { w.JobsPerBuild = 0 }), Builds: 1}, "--jobs-per-build"},
		"more jobs than steps":       {good, Jobs{Work: with(func(w *Work) { w.JobsPerBuild = 501 }), Builds: 1}, "--jobs-per-build"},
		"huge logs":                  {good, Jobs{Work: with(func(w *Work) { w.LogBytes = 1 << 40 }), Builds: 1}, "--log-bytes"},
		"empty chunks":               {good, Jobs{Work: with(func(w *Work) { w.ChunkBytes = 0 }), Builds: 1}, "--chunk-bytes"},
		"no creators":                {good, Jobs{Work: with(func(w *Work) { w.Creators = 0 }), Builds: 1}, "--creators"},
		"duration without a rate":    {good, Jobs{Work: work, Duration: 1, Builds: 1}, "--rate"},
		"rate is no number":          {good, Jobs{Work: work, Rate: math.NaN(), Builds: 1}, "--rate"},
		"rate for a very long time":  {good, Jobs{Work: work, Rate: 1e9, Duration: 1 << 62}, "builds"},
		"rate for the shortest time": {good, Jobs{Work: work, Rate: 1, Duration: 1}, "builds"},

		"broadcast to polling agents":       {but(func(o *Options) { o.Mode = "poll" }), Broadcast{Change: "agents", Creators: 1}, "--mode"},
		"broadcast to nobody":               {but(func(o *Options) { o.Agents = 0 }), Broadcast{Change: "agents", Creators: 1}, "--agents"},
		"broadcast without creators":        {good, Broadcast{Change: "agents"}, "--creators"},
		"shutdown of an unknown process":    {good, Broadcast{Change: "shutdown", Creators: 1}, "--server-pid"},
		"repeated shutdown of one's server": {but(func(o *Options) { o.ServerPID, o.Repeat = 1, 2 }), Broadcast{Change: "shutdown", Creators: 1}, "--start"},

		"logs":                      {good, Logs{Duration: 1, ChunkBytes: 1}, ""},
		"logs of too many":          {but(func(o *Options) { o.Agents = 501 }), Logs{Duration: 1, ChunkBytes: 1}, "--agents"},
		"logs for no time":          {good, Logs{ChunkBytes: 1}, "--duration"},
		"logs in empty chunks":      {good, Logs{Duration: 1}, "--chunk-bytes"},
		"rest":                      {seeded, rest, ""},
		"rest that creates":         {good, reading(func(m *Rest) { m.Calls = []string{"create"} }), ""},
		"rest without a pipeline":   {good, rest, "--pipeline"},
		"rest without connections":  {seeded, reading(func(m *Rest) { m.Connections = 0 }), "--connections"},
		"rest for no time":          {seeded, reading(func(m *Rest) { m.Duration = 0 }), "--duration"},
		"rest at a rate of nothing": {seeded, reading(func(m *Rest) { m.Rate = math.NaN() }), "--rate"},
		"rest in huge pages":        {seeded, reading(func(m *Rest) { m.PerPage = 101 }), "--per-page"},
		"rest of nothing":           {seeded, reading(func(m *Rest) { m.Calls = nil }), "--calls"},
		"soak":                      {good, Soak{Work: work, Rate: 1, Duration: time.Hour, SampleEvery: 1}, ""},
		"soak without builds":       {good, Soak{Work: work, Duration: 1, SampleEvery: 1}, "--rate"},
		"soak for no time":          {good, Soak{Work: work, Rate: 1, SampleEvery: 1}, "--duration"},
		"kills of another's server": {good, Soak{Work: work, Rate: 1, Duration: 1, SampleEvery: 1, KillEvery: 1}, "--start"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := errors.Join(test.options.Validate(), test.measurement.Validate(test.options))
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want an error about %s", err, test.want)
			}
		})
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mode, protocol string
		want           int
	}{{"stream", "http1", 16}, {"stream", "http2", 8}, {"poll", "http1", 8}, {"poll", "http2", 8}}
	for _, test := range tests {
		t.Run(test.mode+" over "+test.protocol, func(t *testing.T) {
			t.Parallel()
			if got := (Options{Agents: 8, Mode: test.mode, Protocol: test.protocol}).connections(); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestBeatsAreSpreadEvenly(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		after time.Duration
		want  int
	}{
		"at first":           {0, 0},
		"a tenth":            {time.Second, 1},
		"almost an interval": {10*time.Second - 1, 9},
		"an interval":        {10 * time.Second, 10},
		"ten intervals":      {100 * time.Second, 100},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := beatsDue(10, 10*time.Second, test.after); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestStreamWindow(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 6: 64 * time.Second, 1000: 64 * time.Second} {
		if got := streamWindow(failures); got != want {
			t.Errorf("after %d failures: %v, want %v", failures, got, want)
		}
	}
}
