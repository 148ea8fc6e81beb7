package markup

import (
	"strconv"
	"strings"
)

// allowedClasses are the class names an annotation may use (docs/contract/pipelines.md, section 24): alignment, borders,
// buttons, colors, flexbox, margins, paddings, columns and type of Basscss 8, without what could lay one part over
// another.
var allowedClasses = makeAllowedClasses()

func makeAllowedClasses() map[string]bool {
	names := strings.Fields(`bold regular italic caps underline left-align center right-align justify list-reset truncate fit
		align-baseline align-top align-middle align-bottom
		inline block inline-block table table-cell overflow-hidden overflow-scroll overflow-auto
		flex flex-column flex-wrap flex-auto flex-none
		items-start items-end items-center items-baseline items-stretch
		self-start self-end self-center self-baseline self-stretch
		justify-start justify-end justify-center justify-between justify-around
		content-start content-end content-center content-between content-around content-stretch
		order-0 order-1 order-2 order-3 order-last
		border border-top border-right border-bottom border-left border-none rounded
		h1 h2 h3 h4 h5 h6 muted bg-muted btn btn-sm btn-lg btn-primary ml-auto mr-auto mx-auto`)
	colors := strings.Fields(`black gray silver white aqua blue navy teal green olive lime yellow orange red fuchsia purple
		maroon`)
	for _, color := range colors {
		names = append(names, color, "bg-"+color, "border-"+color)
	}
	for n := range 5 {
		for _, side := range []string{"", "t", "r", "b", "l", "x", "y"} {
			names = append(names, "m"+side+strconv.Itoa(n), "p"+side+strconv.Itoa(n))
		}
		if n > 0 {
			names = append(names, "mxn"+strconv.Itoa(n))
		}
	}
	for n := 1; n <= 12; n++ {
		for _, width := range []string{"", "sm-", "md-", "lg-"} {
			names = append(names, width+"col-"+strconv.Itoa(n))
		}
	}
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// allowClasses keeps the allowed names of a class attribute: the list's, and those of rendered terminal output.
func allowClasses(value string) string {
	var kept []string
	for name := range strings.FieldsSeq(value) {
		if allowedClasses[name] || isTerminalClass(name) {
			kept = append(kept, name)
		}
	}
	return strings.Join(kept, " ")
}

func isTerminalClass(name string) bool {
	rest, ok := strings.CutPrefix(name, "term")
	if !ok {
		return false
	}
	for _, r := range rest {
		if r != '-' && r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}
