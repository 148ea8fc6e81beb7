package conditional

// Scope is the place a condition stands in. It decides which variables exist (docs/contract/pipelines.md, sections 7.1
// and 7.4).
type Scope int

const (
	// ScopeStep is the `if` of a step or group.
	ScopeStep Scope = iota
	// ScopeBuildNotify is the `if` of a build's notification.
	ScopeBuildNotify
	// ScopeStepNotify is the `if` of a step's notification.
	ScopeStepNotify
	// ScopeFilter is the filter of a pipeline's trigger settings, asked before there is a build.
	ScopeFilter
)

// String names the place in messages.
func (s Scope) String() string {
	switch s {
	case ScopeStep:
		return "the condition of a step"
	case ScopeBuildNotify:
		return "the condition of a build notification"
	case ScopeStepNotify:
		return "the condition of a step notification"
	case ScopeFilter:
		return "the filter of a pipeline"
	default:
		return "a condition"
	}
}

// scopes is a set of places.
type scopes uint

func in(places ...Scope) scopes {
	var set scopes
	for _, s := range places {
		set |= 1 << s
	}
	return set
}

func (set scopes) has(s Scope) bool { return set&in(s) != 0 }

// variable is what is known of a variable before it has a value.
type variable struct {
	kind   kind
	enum   *enum
	scopes scopes
	// key is the name under which Vars holds the value.
	key string
}

// enum is the closed set of values of a string variable.
type enum struct {
	name   string
	values map[string]bool
	// aliases are other names of a value, by alias.
	aliases map[string]string
}

// has reports whether text is a value of the enum or another name of one.
func (e *enum) has(text string) bool { return e.values[e.canonical(text)] }

// canonical returns the value that text is another name of, else text. A nil enum has no aliases.
func (e *enum) canonical(text string) string {
	if e == nil {
		return text
	}
	if value, ok := e.aliases[text]; ok {
		return value
	}
	return text
}
