package conditional

// node is a part of a parsed condition.
type node interface {
	// offset is where the node starts in the source.
	offset() int
	// check returns the type of the node, or an *Error.
	check(c *checker) (typ, error)
	// eval returns the value of a checked node, or an *Error.
	eval(e *evaluator) (Value, error)
}

// position is a byte offset into the source.
type position int

func (p position) offset() int { return int(p) }

type (
	// constant is null, a boolean or an integer.
	constant struct {
		position
		value Value
	}
	// textNode is a string, or a substitution with text after it.
	textNode struct {
		position
		text template
	}
	// substitutionNode is a substitution on its own, which is null when nothing is set.
	substitutionNode struct {
		position
		sub *substitution
	}
	variableNode struct {
		position
		name string
		// declared is filled in by check.
		declared variable
	}
	callNode struct {
		position
		name string
		args []node
	}
	arrayNode struct {
		position
		elements []node
	}
	notNode struct {
		position
		operand node
	}
	// logicalNode is `&&` or `||`.
	logicalNode struct {
		position
		op          tokenKind
		left, right node
	}
	// equalNode is `==` or `!=`.
	equalNode struct {
		position
		op          tokenKind
		left, right node
		// enum is filled in by check when a side is an enum: its aliases count as equal.
		enum *enum
	}
	// matchNode is `=~` or `!~`.
	matchNode struct {
		position
		op    tokenKind
		left  node
		right *regex
	}
	// includesNode has an operand or a regular expression on the right.
	includesNode struct {
		position
		left, right node
		pattern     *regex
		// enum is filled in by check as in equalNode.
		enum *enum
	}
	ternaryNode struct {
		position
		condition, yes, no node
	}
)
