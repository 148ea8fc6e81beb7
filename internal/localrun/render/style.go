package render

import (
	"hash/fnv"
	"strings"
	"unicode/utf8"
)

const (
	reset = "\x1b[0m"
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
)

// jobColors are told apart on light and dark ground.
var jobColors = []string{
	"\x1b[36m", "\x1b[35m", "\x1b[34m", "\x1b[33m", "\x1b[32m",
	"\x1b[96m", "\x1b[95m", "\x1b[94m", "\x1b[93m", "\x1b[92m",
}

// colorOf gives a job the same color in every run.
func colorOf(j Job) string {
	h := fnv.New32a()
	h.Write([]byte(j.StepKey + "\x00" + j.FullName()))
	return jobColors[h.Sum32()%uint32(len(jobColors))]
}

// nameWidth is how much of a job's name stands before each line of its log.
const nameWidth = 20

// fit brings a name to the width of its column.
func fit(name string, width int) string {
	n := utf8.RuneCountInString(name)
	if n <= width {
		return name + strings.Repeat(" ", width-n)
	}
	return string([]rune(name)[:width-3]) + "..."
}

// tone is whether something is welcome.
type tone int

const (
	quiet tone = iota
	busy
	good
	warn
	bad
)

var toneColors = map[tone]string{quiet: dim, busy: "\x1b[34m", good: "\x1b[32m", warn: "\x1b[33m", bad: "\x1b[31m"}
