package scenario

import (
	"fmt"
	"os"
	"strings"
)

// Scenario is a parsed file.
type Scenario struct {
	// Title is the text of the comment that the file starts with.
	Title    string
	Pipeline []byte
	Steps    []Step
	// Limited says that some of its jobs are in concurrency groups.
	Limited bool
}

// Step is one event and what is expected after it.
type Step struct {
	Line int
	Text string
	// Build is the name of the build it happens to; the first one's is empty.
	Build  string
	Create *Create
	Event  Event
	Expect []Expectation
}

// Load reads a scenario file.
func Load(path string) (*Scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sc, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return sc, nil
}

// Parse reads a scenario. Errors start with the line.
func Parse(text string) (*Scenario, error) {
	p := &parser{lines: strings.Split(strings.ReplaceAll(text, "->", "→"), "\n")}
	sc := &Scenario{Title: p.title()}
	if !p.take("pipeline:") {
		return nil, p.errorf("a scenario starts with comments and `pipeline:`")
	}
	sc.Pipeline = p.block(0)
	if !p.take("events:") {
		return nil, p.errorf("`events:` must follow the pipeline")
	}
	for {
		p.skipBlank()
		if p.done() {
			break
		}
		step, err := p.step()
		if err != nil {
			return nil, err
		}
		sc.Steps = append(sc.Steps, step)
	}
	if len(sc.Steps) == 0 || sc.Steps[0].Create == nil || sc.Steps[0].Build != "" {
		return nil, p.errorf("the first event must be `build created`")
	}
	for _, step := range sc.Steps {
		if step.Create != nil {
			step.Create.Pipeline = sc.Pipeline
		}
	}
	sc.Limited = strings.Contains(text, "concurrency_group")
	return sc, nil
}

type parser struct {
	lines []string
	at    int
}

func (p *parser) done() bool { return p.at >= len(p.lines) }

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("%d: %s", p.at+1, fmt.Sprintf(format, args...))
}

func (p *parser) title() string {
	var words []string
	for !p.done() {
		line := strings.TrimSpace(p.lines[p.at])
		if line != "" && !strings.HasPrefix(line, "#") {
			break
		}
		words = append(words, strings.Fields(strings.TrimLeft(line, "# "))...)
		p.at++
	}
	return strings.Join(words, " ")
}

// skipBlank passes empty lines and comments.
func (p *parser) skipBlank() {
	for !p.done() {
		line := strings.TrimSpace(p.lines[p.at])
		if line != "" && !strings.HasPrefix(line, "#") {
			return
		}
		p.at++
	}
}

func (p *parser) take(word string) bool {
	p.skipBlank()
	if p.done() || strings.TrimRight(p.lines[p.at], " ") != word {
		return false
	}
	p.at++
	return true
}

// block takes the lines that are indented deeper than the given depth, up to an arrow, without their common indent.
func (p *parser) block(depth int) []byte {
	var lines []string
	common := -1
	for ; !p.done(); p.at++ {
		line := p.lines[p.at]
		if strings.TrimSpace(line) == "" {
			lines = append(lines, "")
			continue
		}
		indent := indentOf(line)
		if indent <= depth || strings.HasPrefix(line[indent:], "→") {
			break
		}
		if common < 0 || indent < common {
			common = indent
		}
		lines = append(lines, line)
	}
	for i, line := range lines {
		if line != "" {
			lines[i] = line[common:]
		}
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// step reads an event with its expectations, which may go on in lines that start with an arrow.
func (p *parser) step() (Step, error) {
	line := p.lines[p.at]
	depth := indentOf(line)
	text, expect, _ := strings.Cut(strings.TrimSpace(line), "→")
	step := Step{Line: p.at + 1, Text: strings.TrimSpace(text)}
	if depth == 0 {
		return step, p.errorf("events must be indented")
	}
	if err := parseEvent(&step); err != nil {
		return step, p.errorf("%v", err)
	}
	p.at++
	if strings.HasSuffix(step.Text, ":") {
		step.Event.Document = p.block(depth)
	}
	for {
		list, err := parseExpectations(expect)
		if err != nil {
			return step, p.errorf("%v", err)
		}
		step.Expect = append(step.Expect, list...)
		p.skipBlank()
		if p.done() || !strings.HasPrefix(strings.TrimSpace(p.lines[p.at]), "→") {
			break
		}
		expect = strings.TrimPrefix(strings.TrimSpace(p.lines[p.at]), "→")
		p.at++
	}
	if len(step.Expect) == 0 {
		return step, p.errorf("nothing is expected after %q", step.Text)
	}
	return step, nil
}
