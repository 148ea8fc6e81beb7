package host

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
)

// Host is the machine, for a report.
type Host struct {
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Cores int    `json:"cores"`
	CPU   string `json:"cpu,omitempty"`
	Go    string `json:"go"`
}

// Describe returns the machine this process runs on.
func Describe() Host {
	info, _ := os.ReadFile("/proc/cpuinfo") // none on other systems
	return Host{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), CPU: model(info), Go: runtime.Version()}
}

func model(cpuinfo []byte) string {
	for line := range bytes.Lines(cpuinfo) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if string(bytes.TrimSpace(name)) == "model name" {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

// LoadAverage returns the load over 1, 5 and 15 minutes, or nothing where the system does not tell.
func LoadAverage() []float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	return loads(text)
}

func loads(loadavg []byte) []float64 {
	fields := bytes.Fields(loadavg)
	if len(fields) < 3 {
		return nil
	}
	averages := make([]float64, 3)
	for i := range averages {
		averages[i], _ = strconv.ParseFloat(string(fields[i]), 64)
	}
	return averages
}
