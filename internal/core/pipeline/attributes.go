package pipeline

import "slices"

// attribute is a property a step may have. Names after the first are aliases, in falling strength.
type attribute struct {
	names []string
	kinds []Kind
	// strength is the order in which the names win when several are written; nil means the order of names.
	strength []string
}

var (
	everyKind = []Kind{KindCommand, KindWait, KindBlock, KindInput, KindTrigger, KindGroup}
	jobKinds  = []Kind{KindCommand, KindWait, KindBlock, KindInput, KindTrigger}
	skippable = []Kind{KindCommand, KindTrigger, KindGroup}
	command   = []Kind{KindCommand}
	manual    = []Kind{KindBlock, KindInput}
)

// attributes is every property of every step kind (docs/contract/pipelines.md, sections 2.2 to 2.7), but for
// `if_changed`, which agents remove.
var attributes = []attribute{
	{names: []string{"key", "identifier", "id"}, kinds: everyKind},
	{names: []string{"label", "name"}, kinds: everyKind},
	{names: []string{"if"}, kinds: everyKind},
	{names: []string{"branches"}, kinds: jobKinds},
	{names: []string{"depends_on"}, kinds: everyKind},
	{names: []string{"allow_dependency_failure"}, kinds: everyKind},
	{names: []string{"skip"}, kinds: skippable},
	{names: []string{"type"}, kinds: everyKind},

	{names: []string{"command", "commands", "script"}, strength: []string{"commands", "command", "script"}, kinds: command},
	{names: []string{"agents", "agent_query_rules"}, kinds: command},
	{names: []string{"artifact_paths", "artifacts"}, kinds: command},
	{names: []string{"cache"}, kinds: command},
	{names: []string{"cancel_on_build_failing"}, kinds: command},
	{names: []string{"checkout"}, kinds: command},
	{names: []string{"concurrency"}, kinds: command},
	{names: []string{"concurrency_group"}, kinds: command},
	{names: []string{"concurrency_method"}, kinds: command},
	{names: []string{"env"}, kinds: command},
	{names: []string{"image"}, kinds: command},
	{names: []string{"matrix"}, kinds: command},
	{names: []string{"plugins"}, kinds: command},
	{names: []string{"priority"}, kinds: command},
	{names: []string{"retry"}, kinds: command},
	{names: []string{"secrets"}, kinds: command},
	{names: []string{"signature"}, kinds: command},
	{names: []string{"notify"}, kinds: []Kind{KindCommand, KindGroup}},
	{names: []string{"timeout_in_minutes", "timeout"}, kinds: command},
	{names: []string{"parallelism"}, kinds: []Kind{KindCommand, KindTrigger}},
	{names: []string{"soft_fail"}, kinds: []Kind{KindCommand, KindTrigger}},

	{names: []string{"wait", "waiter"}, kinds: []Kind{KindWait}},
	{names: []string{"continue_on_failure"}, kinds: []Kind{KindWait}},

	{names: []string{"block", "manual"}, kinds: []Kind{KindBlock}},
	{names: []string{"input"}, kinds: []Kind{KindInput}},
	{names: []string{"prompt"}, kinds: manual},
	{names: []string{"submit"}, kinds: manual},
	{names: []string{"fields"}, kinds: manual},
	{names: []string{"blocked_state"}, kinds: manual},
	{names: []string{"allowed_teams"}, kinds: manual},

	{names: []string{"trigger"}, kinds: []Kind{KindTrigger}},
	{names: []string{"build"}, kinds: []Kind{KindTrigger}},
	{names: []string{"async"}, kinds: []Kind{KindTrigger}},

	{names: []string{"group"}, kinds: []Kind{KindGroup}},
	{names: []string{"steps"}, kinds: []Kind{KindGroup}},
}

// spelling is what a written name stands for.
type spelling struct {
	canonical string
	// strength is smaller for the name that wins.
	strength int
}

// spellingsByKind answers for each kind what each accepted name means.
var spellingsByKind = func() map[Kind]map[string]spelling {
	byKind := map[Kind]map[string]spelling{}
	for _, a := range attributes {
		order := a.strength
		if order == nil {
			order = a.names
		}
		for _, k := range a.kinds {
			if byKind[k] == nil {
				byKind[k] = map[string]spelling{}
			}
			for i, name := range order {
				byKind[k][name] = spelling{canonical: a.names[0], strength: i}
			}
		}
	}
	return byKind
}()

// spellings lists the names a canonical name may have been written as.
func spellings(canonical string) []string {
	for _, a := range attributes {
		if a.names[0] == canonical {
			return a.names
		}
	}
	return []string{canonical}
}

// unknownProperty is the refusal of a name that a step kind does not have (docs/contract/pipelines.md, section 2.10).
func unknownProperty(kind Kind, name string) *Error {
	owner := "the `" + string(kind) + "` step"
	if kind == KindGroup {
		owner = "a step group"
	}
	var known []string
	for written := range spellingsByKind[kind] {
		known = append(known, written)
	}
	return invalidProperty(name, owner, known)
}

// invalidProperty words the refusal of a property with the nearest of the known ones.
func invalidProperty(name, owner string, known []string) *Error {
	if near := nearest(name, known); near != "" {
		return refuse("`%s` is not a valid property on %s, perhaps you meant `%s`?", clip(name), owner, near)
	}
	return refuse("`%s` is not a valid property on %s. Please check the documentation to get a full list of supported properties.", clip(name), owner)
}

// nearest returns the known name within two edits of name, and less than half of it; the first in alphabetical order
// of the nearest.
func nearest(name string, known []string) string {
	slices.Sort(known)
	best, bestDistance := "", 3
	for _, k := range known {
		if d := distance(name, k, bestDistance); d < bestDistance && 2*d < len(name) {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance of a and b, or bound when it is at least that.
func distance(a, b string, bound int) int {
	if len(a)-len(b) >= bound || len(b)-len(a) >= bound {
		return bound
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], bound)
}
