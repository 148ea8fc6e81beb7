package conditional

import "strings"

// template is text with substitutions: the content of a string, or of an argument inside `${…}`.
type template []part

// part is literal text, or a substitution when sub is set.
type part struct {
	text string
	sub  *substitution
}

// substitution is `$NAME` or one of the `${NAME…}` forms (docs/contract/pipelines.md, sections 7.2 and 16.2).
type substitution struct {
	position
	name string
	op   substitutionOp
	// arg follows the operator: a default, an alternate or a message, or the offset of a substring.
	arg template
	// length is the length of a substring; nil means to the end.
	length template
}

// substitutionOp is what a substitution does apart from taking the value. With a leading colon an empty value counts as
// unset.
type substitutionOp string

const (
	opValue         substitutionOp = ""
	opDefault       substitutionOp = "-"
	opDefaultBlank  substitutionOp = ":-"
	opAlternate     substitutionOp = "+"
	opAlternateFull substitutionOp = ":+"
	opRequired      substitutionOp = "?"
	opRequiredFull  substitutionOp = ":?"
	opSubstring     substitutionOp = ":"
)

// substitutionOps are the operators as they are looked for; the substring's colon is a prefix of others.
var substitutionOps = []substitutionOp{
	opDefaultBlank, opAlternateFull, opRequiredFull, opDefault, opAlternate, opRequired, opSubstring,
}

// literal is a template without substitutions.
func literal(text string) template {
	if text == "" {
		return nil
	}
	return template{part{text: text}}
}

// static returns the text of a template that has no substitutions.
func (t template) static() (string, bool) {
	switch {
	case len(t) == 0:
		return "", true
	case len(t) == 1 && t[0].sub == nil:
		return t[0].text, true
	default:
		return "", false
	}
}

// templateBuilder collects parts and joins neighboring text.
type templateBuilder struct {
	parts template
	text  strings.Builder
}

func (b *templateBuilder) add(sub *substitution) {
	b.flush()
	b.parts = append(b.parts, part{sub: sub})
}

func (b *templateBuilder) addAll(t template) {
	for _, p := range t {
		if p.sub != nil {
			b.add(p.sub)
		} else {
			b.text.WriteString(p.text)
		}
	}
}

func (b *templateBuilder) flush() {
	if b.text.Len() > 0 {
		b.parts = append(b.parts, part{text: b.text.String()})
		b.text.Reset()
	}
}

func (b *templateBuilder) template() template {
	b.flush()
	return b.parts
}
