package pipeline

import (
	"errors"
	"strings"

	"github.com/bridle-ci/bridle/internal/core/conditional"
)

// conditionAt is a condition and the place it stands in.
type conditionAt struct {
	text  string
	scope conditional.Scope
}

// condition evaluates the `if` of a step; a blank one is true. In a draft, which has no build to ask, it is checked and
// taken for true.
func (c *compiler) condition(r *reader, text string) bool {
	if c.opts.Draft {
		r.fail(c.checkCondition(text, conditional.ScopeStep), "if")
		return true
	}
	if strings.TrimSpace(text) == "" {
		return true
	}
	if verdict, ok := c.verdicts[text]; ok {
		return verdict
	}
	expr, err := c.parseCondition(text, conditional.ScopeStep)
	if err != nil {
		r.fail(err, "if")
		return false
	}
	verdict, err := expr.Eval(c.vars)
	if err != nil {
		r.fail(conditionError(err), "if")
		return false
	}
	c.verdicts[text] = verdict
	return verdict
}

// checkCondition refuses what is not a condition of the scope.
func (c *compiler) checkCondition(text string, scope conditional.Scope) error {
	at := conditionAt{text, scope}
	if strings.TrimSpace(text) == "" || c.checked[at] {
		return nil
	}
	_, err := c.parseCondition(text, scope)
	c.checked[at] = err == nil
	return err
}

// parseCondition parses a condition while there is time left for it.
func (c *compiler) parseCondition(text string, scope conditional.Scope) (*conditional.Expr, error) {
	if c.late() {
		return nil, refuse("The conditions of this pipeline take too long to evaluate: make their regular expressions simpler, or use fewer of them")
	}
	expr, err := conditional.Parse(text, scope)
	if err != nil {
		return nil, conditionError(err)
	}
	return expr, nil
}

// late reports whether the time for conditions is used up.
func (c *compiler) late() bool {
	return c.opts.Elapsed != nil && c.opts.Elapsed() > c.limits.ConditionTime
}

// conditionError keeps the evaluator's wording (docs/contract/pipelines.md, section 2.10).
func conditionError(err error) *Error {
	var detail *conditional.Error
	if errors.As(err, &detail) {
		return refuse("%s", detail.Message)
	}
	return refuse("%s", err)
}
