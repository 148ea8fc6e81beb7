package conditional

// The two functions of the language. They differ in what an unset variable is: "" or null.
const (
	functionEnv      = "env"
	functionBuildEnv = "build.env"
)

// Vars is what a condition may read. The zero Vars holds nothing: every variable is null.
type Vars struct {
	// Values holds the variables by their dotted names, for instance "build.branch". A variable that is missing is null.
	Values map[string]Value
	// Env returns the value of an environment variable of the build and whether it is set. It is asked only for names
	// that a condition may read; nil means that nothing is set.
	Env func(name string) (string, bool)
	// Stop is asked before each match of a regular expression; true ends the evaluation with an error. It is how those
	// who evaluate many conditions bound the time of all. Nil never stops.
	Stop func() bool
}

func (v Vars) env(name string) (string, bool) {
	if v.Env == nil {
		return "", false
	}
	return v.Env(name)
}

// Eval returns what the condition is for vars; null counts as false. An *Error tells that it cannot be answered: a value
// of another type than the variable is declared with, a null in an array, a `${NAME?}` that is not set, a computed name
// that may not be read, or a regular expression that takes too long.
func (e *Expr) Eval(vars Vars) (bool, error) {
	v, err := e.root.eval(&evaluator{src: e.src, vars: vars})
	if err != nil {
		return false, err
	}
	return v.isTrue(), nil
}

// evaluator computes values. A value beside an error means nothing. Operands that do not matter for the result are not evaluated.
type evaluator struct {
	src  string
	vars Vars
}

func (e *evaluator) errorAt(n interface{ offset() int }, format string, args ...any) error {
	return errorAt(e.src, n.offset(), format, args...)
}

// truth evaluates a node as a boolean.
func (e *evaluator) truth(n node) (bool, error) {
	v, err := n.eval(e)
	return v.isTrue(), err
}

// pair evaluates two nodes.
func (e *evaluator) pair(left, right node) (l, r Value, err error) {
	if l, err = left.eval(e); err != nil {
		return Null(), Null(), err
	}
	r, err = right.eval(e)
	return l, r, err
}

func (n *constant) eval(*evaluator) (Value, error) { return n.value, nil }

func (n *textNode) eval(e *evaluator) (Value, error) {
	text, err := e.expand(n.text)
	return String(text), err
}

func (n *substitutionNode) eval(e *evaluator) (Value, error) {
	text, set, err := e.substitute(n.sub)
	if err != nil || !set {
		return Null(), err
	}
	return String(text), nil
}

func (n *variableNode) eval(e *evaluator) (Value, error) {
	v := e.vars.Values[n.declared.key]
	if v.kind != n.declared.kind && v.kind != kindNull {
		return Null(), e.errorAt(n, "`%s` should be %s but is %s", n.name, n.declared.kind, v.kind)
	}
	return v, nil
}

func (n *callNode) eval(e *evaluator) (Value, error) {
	name, err := n.args[0].eval(e)
	if err != nil {
		return Null(), err
	}
	// A name that is not written out may hold the value of a variable, so the message does not repeat it.
	if envNameProblem(name.text) != "" {
		return Null(), e.errorAt(n.args[0], "the name for `%s` is not one of an environment variable it may read", n.name)
	}
	text, set := e.vars.env(name.text)
	if !set && n.name == functionBuildEnv {
		return Null(), nil
	}
	return String(text), nil
}

func (n *arrayNode) eval(e *evaluator) (Value, error) {
	list := make([]string, 0, len(n.elements))
	for _, element := range n.elements {
		v, err := element.eval(e)
		if err != nil {
			return Null(), err
		}
		if v.kind == kindNull {
			return Null(), e.errorAt(element, "an array cannot hold null")
		}
		list = append(list, v.text)
	}
	return Value{kind: kindArray, list: list}, nil
}

func (n *notNode) eval(e *evaluator) (Value, error) {
	truth, err := e.truth(n.operand)
	return Bool(!truth), err
}

func (n *logicalNode) eval(e *evaluator) (Value, error) {
	left, err := e.truth(n.left)
	if err != nil || left == (n.op == "||") {
		return Bool(left), err
	}
	right, err := e.truth(n.right)
	return Bool(right), err
}

func (n *equalNode) eval(e *evaluator) (Value, error) {
	left, right, err := e.pair(n.left, n.right)
	left.text, right.text = n.enum.canonical(left.text), n.enum.canonical(right.text)
	return Bool(left.equal(right) == (n.op == "==")), err
}

func (n *matchNode) eval(e *evaluator) (Value, error) {
	left, err := n.left.eval(e)
	if err != nil {
		return Null(), err
	}
	matched, err := e.match(n.right, left)
	return Bool(matched == (n.op == "=~")), err
}

// match reports whether text matches the pattern. Null matches nothing. The engine's own error would repeat the text.
func (e *evaluator) match(pattern *regex, text Value) (bool, error) {
	if text.kind == kindNull {
		return false, nil
	}
	if e.vars.Stop != nil && e.vars.Stop() {
		return false, e.errorAt(pattern, "there is no time left for this regular expression: make those of the conditions simpler")
	}
	matched, err := pattern.compiled.MatchString(text.text)
	if err != nil {
		return false, e.errorAt(pattern, "the regular expression took longer than %s: make it simpler", MatchTimeout)
	}
	return matched, nil
}

func (n *includesNode) eval(e *evaluator) (Value, error) {
	left, err := n.left.eval(e)
	if err != nil {
		return Null(), err
	}
	if n.pattern != nil {
		return e.anyMatch(n.pattern, left.list)
	}
	right, err := n.right.eval(e)
	if err != nil || right.kind == kindNull {
		return Bool(false), err
	}
	wanted := n.enum.canonical(right.text)
	for _, element := range left.list {
		if n.enum.canonical(element) == wanted {
			return Bool(true), nil
		}
	}
	return Bool(false), nil
}

// anyMatch reports whether an element of the list matches the pattern.
func (e *evaluator) anyMatch(pattern *regex, list []string) (Value, error) {
	for _, element := range list {
		if matched, err := e.match(pattern, String(element)); err != nil || matched {
			return Bool(matched), err
		}
	}
	return Bool(false), nil
}

func (n *ternaryNode) eval(e *evaluator) (Value, error) {
	condition, err := e.truth(n.condition)
	switch {
	case err != nil:
		return Null(), err
	case condition:
		return n.yes.eval(e)
	default:
		return n.no.eval(e)
	}
}
