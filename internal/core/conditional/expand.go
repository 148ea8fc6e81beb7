package conditional

import (
	"strconv"
	"strings"
)

// expand returns the text of a template; what is not set leaves nothing behind.
func (e *evaluator) expand(text template) (string, error) {
	if s, ok := text.static(); ok {
		return s, nil
	}
	var out strings.Builder
	for _, p := range text {
		piece := p.text
		if p.sub != nil {
			var err error
			if piece, _, err = e.substitute(p.sub); err != nil {
				return "", err
			}
			if out.Len()+len(piece) > MaxTextLength {
				return "", e.errorAt(p.sub, "the text is longer than %d bytes after its substitutions", MaxTextLength)
			}
		}
		out.WriteString(piece)
	}
	return out.String(), nil
}

// substitute returns the text that takes the place of sub, and false when there is none.
func (e *evaluator) substitute(sub *substitution) (text string, set bool, err error) {
	value, set := e.vars.env(sub.name)
	full := set && value != ""
	switch sub.op {
	case opDefault:
		return e.orElse(value, set, sub.arg)
	case opDefaultBlank:
		return e.orElse(value, full, sub.arg)
	case opAlternate:
		return e.alternate(set, sub.arg)
	case opAlternateFull:
		return e.alternate(full, sub.arg)
	case opRequired:
		return value, true, e.require(set, sub)
	case opRequiredFull:
		return value, true, e.require(full, sub)
	case opSubstring:
		return e.substring(value, set, sub)
	default:
		return value, set, nil
	}
}

// orElse returns value when it is usable, else the expanded fallback.
func (e *evaluator) orElse(value string, usable bool, fallback template) (string, bool, error) {
	if usable {
		return value, true, nil
	}
	text, err := e.expand(fallback)
	return text, true, err
}

// alternate returns the expanded replacement of a usable value, else the empty string.
func (e *evaluator) alternate(usable bool, replacement template) (string, bool, error) {
	if !usable {
		return "", true, nil
	}
	text, err := e.expand(replacement)
	return text, true, err
}

// require returns an error with the author's message unless the value is usable.
func (e *evaluator) require(usable bool, sub *substitution) error {
	if usable {
		return nil
	}
	// Only a message that is written out is repeated: others may hold the value of a variable.
	if message, ok := sub.arg.static(); ok && message != "" {
		return e.errorAt(sub, "$%s: %s", sub.name, message)
	}
	return e.errorAt(sub, "$%s: not set", sub.name)
}

// substring cuts characters out of value. A negative offset or length counts from the end.
func (e *evaluator) substring(value string, set bool, sub *substitution) (string, bool, error) {
	runes := []rune(value)
	from, err := e.integer(sub, sub.arg, "offset")
	if err != nil {
		return "", false, err
	}
	to := len(runes)
	if from < 0 {
		from += len(runes)
	}
	from = min(max(from, 0), len(runes))
	if sub.length != nil {
		length, err := e.integer(sub, sub.length, "length")
		if err != nil {
			return "", false, err
		}
		if length < 0 {
			to = max(from, len(runes)+length)
		} else {
			to = from + min(length, len(runes)-from)
		}
	}
	return string(runes[from:to]), set, nil
}

// integer expands an argument that must be an integer.
func (e *evaluator) integer(sub *substitution, arg template, purpose string) (int, error) {
	text, err := e.expand(arg)
	if err != nil {
		return 0, err
	}
	number, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return 0, e.errorAt(sub, "the %s of the substring of $%s is not an integer", purpose, sub.name)
	}
	return number, nil
}
