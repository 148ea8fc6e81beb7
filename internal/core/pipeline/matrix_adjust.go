package pipeline

import (
	"slices"

	"github.com/buildkite/go-pipeline/ordered"
)

// adjustments reads the matrix's `adjustments`. A `with` list, which the agent does not know, stands for an adjustment
// for each of its elements and is written back as such.
func (c *compiler) adjustments(r *reader, dims []dimension) []combination {
	var all []combination
	var written []any
	for i, item := range r.list("adjustments") {
		m, ok := item.(*ordered.MapSA)
		if !ok {
			r.fail(refuse("Each of the `adjustments` of a matrix must be a mapping, but it is %s", noun(item)), "adjustments", i)
			continue
		}
		for _, single := range spread(m) {
			a, err := c.adjustment(single, dims)
			if err != nil {
				r.fail(err, "adjustments", i)
				return nil
			}
			all = append(all, a)
			single.Set("with", withText(a.values, dims))
			written = append(written, single)
		}
		if len(all) > c.limits.MatrixAdjustments {
			r.fail(refuse("A matrix can have at most %d adjustments", c.limits.MatrixAdjustments), "adjustments")
			return nil
		}
	}
	if written != nil {
		r.values.Set("adjustments", written)
	}
	return all
}

// spread returns one adjustment for each element of a `with` list.
func spread(m *ordered.MapSA) []*ordered.MapSA {
	with, _ := m.Get("with")
	list, ok := with.([]any)
	if !ok || len(list) == 0 {
		return []*ordered.MapSA{copyMap(m)}
	}
	var singles []*ordered.MapSA
	for _, item := range list {
		single := copyMap(m)
		single.Set("with", item)
		singles = append(singles, single)
	}
	return singles
}

// withText renders a combination as the agent reads it.
func withText(values []string, dims []dimension) any {
	if len(dims) == 1 && dims[0].name == "" {
		return values[0]
	}
	with := ordered.NewMap[string, any](len(dims))
	for i, d := range dims {
		with.Set(d.name, values[i])
	}
	return with
}

func (c *compiler) adjustment(m *ordered.MapSA, dims []dimension) (combination, error) {
	r := &reader{values: m}
	for name := range m.All {
		if !slices.Contains([]string{"with", "skip", "soft_fail"}, name) {
			r.fail(refuse("%s is not a valid property on the matrix.adjustments configuration", clip(name)), name)
		}
	}
	a := combination{values: c.with(r, dims), skipped: c.adjustmentSkip(r)}
	if r.value("soft_fail") != nil {
		soft := c.softFail(r)
		a.softFail = &soft
	}
	return a, r.err
}

// adjustmentSkip reads `skip`: any value but false and null excludes, since the agent refuses to run such a
// combination (docs/contract/pipelines.md, section 9.2).
func (c *compiler) adjustmentSkip(r *reader) bool {
	switch v := r.value("skip").(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		r.fail(c.skipReason(v), "skip")
	}
	return true
}

// with reads the combination an adjustment is for: a value, or a mapping that names every dimension.
func (c *compiler) with(r *reader, dims []dimension) []string {
	v := r.value("with")
	m, named := v.(*ordered.MapSA)
	if !named {
		text, err := c.element(v)
		r.fail(err, "with")
		if len(dims) != 1 || dims[0].name != "" {
			r.fail(refuse("`with` of a matrix adjustment must name a value for each dimension"), "with")
		}
		return []string{text}
	}
	values := make([]string, len(dims))
	for name, item := range m.All {
		i := slices.IndexFunc(dims, func(d dimension) bool { return d.name == name })
		if i < 0 {
			r.fail(refuse("`%s` in `with` of a matrix adjustment is not a dimension of the matrix", clip(name)), "with")
			continue
		}
		text, err := c.element(item)
		r.fail(err, "with", name)
		values[i] = text
	}
	if m.Len() != len(dims) {
		r.fail(refuse("`with` of a matrix adjustment must name a value for each dimension, %d in all", len(dims)), "with")
	}
	return values
}
