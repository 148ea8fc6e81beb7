package conditional

import (
	"maps"
	"strconv"
	"strings"
)

// typ is the static type of a node. Every value but a constant null may turn out null.
type typ struct {
	kind kind
	enum *enum
}

// checker finds the faults of a parsed condition that do not depend on values. It visits every node, so a part that
// evaluation would skip is checked too (docs/contract/pipelines.md, section 7.3).
type checker struct {
	src   string
	scope Scope
}

func (c *checker) errorAt(n interface{ offset() int }, format string, args ...any) error {
	return errorAt(c.src, n.offset(), format, args...)
}

// condition checks a whole condition.
func (c *checker) condition(root node) error {
	t, err := root.check(c)
	if err != nil {
		return err
	}
	if t.kind != kindBool {
		return c.errorAt(root, "the condition must be true or false but is %s", t.kind)
	}
	return nil
}

// kinds checks a node that must be one of the kinds. wanted says so in the message.
func (c *checker) kinds(n node, wanted string, kinds ...kind) (typ, error) {
	t, err := n.check(c)
	if err != nil {
		return typ{}, err
	}
	for _, k := range kinds {
		if t.kind == k {
			return t, nil
		}
	}
	return typ{}, c.errorAt(n, "%s but found %s", wanted, t.kind)
}

func (n *constant) check(*checker) (typ, error) { return typ{kind: n.value.kind}, nil }

func (n *textNode) check(c *checker) (typ, error) {
	return typ{kind: kindString}, c.template(n.text)
}

func (n *substitutionNode) check(c *checker) (typ, error) {
	return typ{kind: kindString}, c.substitution(n.sub)
}

// template checks the substitutions in text.
func (c *checker) template(text template) error {
	for _, p := range text {
		if p.sub == nil {
			continue
		}
		if err := c.substitution(p.sub); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) substitution(sub *substitution) error {
	if problem := envNameProblem(sub.name); problem != "" {
		return c.errorAt(sub, "%s", problem)
	}
	for _, arg := range []template{sub.arg, sub.length} {
		if err := c.template(arg); err != nil {
			return err
		}
	}
	if sub.op != opSubstring {
		return nil
	}
	if text, ok := sub.arg.static(); ok && !isInteger(text) {
		return c.errorAt(sub, "the offset of a substring must be an integer, not %q", text)
	}
	if text, ok := sub.length.static(); ok && sub.length != nil && !isInteger(text) {
		return c.errorAt(sub, "the length of a substring must be an integer, not %q", text)
	}
	return nil
}

func isInteger(text string) bool {
	_, err := strconv.Atoi(strings.TrimSpace(text))
	return err == nil
}

func (n *variableNode) check(c *checker) (typ, error) {
	declared, ok := variables[n.name]
	switch {
	case !ok:
		if near := closest(n.name, maps.Keys(variables)); near != "" {
			return typ{}, c.errorAt(n, "`%s` is not a variable - did you mean `%s`?", n.name, near)
		}
		return typ{}, c.errorAt(n, "`%s` is not a variable", n.name)
	case !declared.scopes.has(c.scope):
		return typ{}, c.errorAt(n, "`%s` is not a variable of %s", n.name, c.scope)
	}
	n.declared = declared
	return typ{declared.kind, declared.enum}, nil
}

func (n *callNode) check(c *checker) (typ, error) {
	if n.name != functionEnv && n.name != functionBuildEnv {
		return typ{}, c.errorAt(n, "`%s` is not a function", n.name)
	}
	if len(n.args) != 1 {
		return typ{}, c.errorAt(n, "`%s` takes one name but got %d arguments", n.name, len(n.args))
	}
	if _, err := c.kinds(n.args[0], "`"+n.name+"` needs a string", kindString); err != nil {
		return typ{}, err
	}
	if name, ok := staticText(n.args[0]); ok {
		if problem := envNameProblem(name); problem != "" {
			return typ{}, c.errorAt(n.args[0], "%s", problem)
		}
	}
	return typ{kind: kindString}, nil
}

// staticText returns the text of a node that is a string without substitutions.
func staticText(n node) (string, bool) {
	if n, ok := n.(*textNode); ok {
		return n.text.static()
	}
	return "", false
}

func (n *arrayNode) check(c *checker) (typ, error) {
	for _, element := range n.elements {
		if _, err := c.kinds(element, "an array holds strings", kindString); err != nil {
			return typ{}, err
		}
	}
	return typ{kind: kindArray}, nil
}

func (n *notNode) check(c *checker) (typ, error) {
	return c.kinds(n.operand, "`!` needs a boolean", kindBool)
}

func (n *logicalNode) check(c *checker) (typ, error) {
	wanted := "`" + string(n.op) + "` needs booleans"
	if _, err := c.kinds(n.left, wanted, kindBool); err != nil {
		return typ{}, err
	}
	return c.kinds(n.right, wanted, kindBool)
}

func (n *equalNode) check(c *checker) (typ, error) {
	left, err := n.left.check(c)
	if err != nil {
		return typ{}, err
	}
	right, err := n.right.check(c)
	if err != nil {
		return typ{}, err
	}
	if left.kind != right.kind && left.kind != kindNull && right.kind != kindNull {
		return typ{}, c.errorAt(n, "`%s` cannot compare %s with %s", n.op, left.kind, right.kind)
	}
	n.enum = left.enum
	if n.enum == nil {
		n.enum = right.enum
	}
	if err := c.member(left.enum, n.right); err != nil {
		return typ{}, err
	}
	return typ{kind: kindBool}, c.member(right.enum, n.left)
}

// member checks that a string without substitutions is a value of the enum it is compared with.
func (c *checker) member(e *enum, n node) error {
	if text, ok := staticText(n); ok && e != nil && !e.has(text) {
		return c.errorAt(n, "%q is not a valid `%s`", text, e.name)
	}
	return nil
}

func (n *matchNode) check(c *checker) (typ, error) {
	_, err := c.kinds(n.left, "`"+string(n.op)+"` needs a string on its left", kindString, kindNull)
	return typ{kind: kindBool}, err
}

func (n *includesNode) check(c *checker) (typ, error) {
	if _, err := c.kinds(n.left, "`includes` needs an array on its left", kindArray, kindNull); err != nil {
		return typ{}, err
	}
	if n.pattern != nil {
		return typ{kind: kindBool}, nil
	}
	right, err := c.kinds(n.right, "`includes` needs a string or a regular expression on its right", kindString, kindNull)
	n.enum = right.enum
	return typ{kind: kindBool}, err
}

func (n *ternaryNode) check(c *checker) (typ, error) {
	if _, err := c.kinds(n.condition, "`?` needs a boolean on its left", kindBool); err != nil {
		return typ{}, err
	}
	yes, err := n.yes.check(c)
	if err != nil {
		return typ{}, err
	}
	no, err := n.no.check(c)
	switch {
	case err != nil:
		return typ{}, err
	case yes.kind == kindNull:
		return no, nil
	case no.kind == kindNull || yes == no:
		return yes, nil
	case yes.kind != no.kind:
		return typ{}, c.errorAt(n, "the branches of `?` must have one type but are %s and %s", yes.kind, no.kind)
	default:
		return typ{kind: yes.kind}, nil // An enum and another string: any string is possible.
	}
}
