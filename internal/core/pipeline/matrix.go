package pipeline

import (
	"encoding/json"
	"slices"

	"github.com/buildkite/go-pipeline/ordered"
)

// matrix is a step's matrix, worked out (docs/contract/pipelines.md, section 9).
type matrix struct {
	// written is the matrix as the agent gets it.
	written json.RawMessage
	// dimensions are in the order written; the only one of the one-dimensional form is named "".
	dimensions []dimension
	// combinations are those that run, the product first and then the ones that adjustments add. Nil without a
	// matrix.
	combinations []combination
}

type dimension struct {
	name   string
	values []string
}

// combination is one choice of values, in the order of the dimensions.
type combination struct {
	values   []string
	softFail *SoftFail
	skipped  bool
}

const badMatrixElement = "Each item within a matrix must be either a string, boolean or integer"

// readMatrix reads `matrix` and writes its normal form back.
func (c *compiler) readMatrix(r *reader) matrix {
	var m matrix
	in := &reader{}
	switch v := r.value("matrix").(type) {
	case nil:
		r.values.Delete("matrix")
		return m
	case []any:
		in.values = ordered.MapFromItems(ordered.TupleSA{Key: "setup", Value: v})
		m.dimensions = c.dimensions(in)
	case *ordered.MapSA:
		in.values = copyMap(v)
		in.only("the `matrix` configuration", "setup", "adjustments")
		m.dimensions = c.dimensions(in)
	default:
		r.fail(refuse("`matrix` must be a list, or a mapping with `setup`, but it is %s", noun(v)), "matrix")
		return m
	}
	adjustments := c.adjustments(in, m.dimensions)
	if in.err == nil {
		m.combinations = c.combine(in, m.dimensions, adjustments)
	}
	r.fail(in.err, "matrix")
	if r.err == nil {
		m.written = writeMatrix(r, in, m.dimensions)
	}
	return m
}

// writeMatrix puts the matrix back with its values as text, as the agent signs it: as a list where it was one.
func writeMatrix(r, in *reader, dims []dimension) json.RawMessage {
	setup := ordered.NewMap[string, any](len(dims))
	for _, d := range dims {
		setup.Set(d.name, d.values)
	}
	if len(dims) == 1 && dims[0].name == "" {
		in.values.Set("setup", dims[0].values)
	} else {
		in.values.Set("setup", setup)
	}
	var normal any = in.values
	if _, simple := r.value("matrix").([]any); simple {
		normal = dims[0].values
	}
	r.values.Set("matrix", normal)
	text, err := json.Marshal(normal)
	if err != nil {
		r.fail(refuse("`matrix` cannot be kept as JSON: %s", err), "matrix")
	}
	return text
}

// dimensions reads `setup`.
func (c *compiler) dimensions(r *reader) []dimension {
	switch v := r.value("setup").(type) {
	case []any:
		return []dimension{c.dimension(r, "", v, "setup")}
	case *ordered.MapSA:
		if v.Len() > c.limits.MatrixDimensions {
			r.fail(refuse("A matrix can have at most %d dimensions", c.limits.MatrixDimensions), "setup")
			return nil
		}
		var dims []dimension
		for name, values := range v.All {
			list, ok := values.([]any)
			if !ok {
				r.fail(refuse("`setup` of a matrix must map each dimension to a list, but `%s` is %s", clip(name), noun(values)), "setup", name)
			}
			dims = append(dims, c.dimension(r, name, list, "setup", name))
		}
		return dims
	default:
		r.fail(refuse("A matrix must have a `setup`: a list, or a mapping of dimensions to lists, but it is %s", noun(v)), "setup")
		return nil
	}
}

func (c *compiler) dimension(r *reader, name string, list []any, path ...any) dimension {
	d := dimension{name: name, values: make([]string, 0, len(list))}
	if len(list) > c.limits.MatrixElements {
		r.fail(refuse("A dimension of a matrix can have at most %d elements", c.limits.MatrixElements), path...)
		return d
	}
	if len(name) > c.limits.MatrixElementBytes {
		r.fail(c.longMatrixElement(), path...)
	}
	for i, item := range list {
		text, err := c.element(item)
		r.fail(err, append(path, i)...)
		d.values = append(d.values, text)
	}
	return d
}

func (c *compiler) longMatrixElement() *Error {
	return refuse("The names and values of a matrix can't be longer than %d bytes", c.limits.MatrixElementBytes)
}

// element reads one value of a matrix.
func (c *compiler) element(v any) (string, error) {
	switch v.(type) {
	case string, bool, int, int64, uint64:
	default:
		return "", refuse(badMatrixElement)
	}
	text, _ := scalarText(v)
	if len(text) > c.limits.MatrixElementBytes {
		return "", c.longMatrixElement()
	}
	return text, nil
}

// combine multiplies the dimensions, the last varying fastest, and applies the adjustments.
func (c *compiler) combine(r *reader, dims []dimension, adjustments []combination) []combination {
	count := 1
	for _, d := range dims {
		count *= len(d.values)
		// Adjustments can skip no more than they are; stop before the product grows.
		if count > c.limits.MatrixJobs+len(adjustments) {
			r.fail(c.tooManyCombinations())
			return nil
		}
	}
	all := make([]combination, 0, count+len(adjustments))
	for n := range count {
		values := make([]string, len(dims))
		for i := len(dims) - 1; i >= 0; i-- {
			values[i] = dims[i].values[n%len(dims[i].values)]
			n /= len(dims[i].values)
		}
		all = append(all, combination{values: values})
	}
	all = adjust(all, adjustments)
	if len(all) == 0 {
		r.fail(refuse("`matrix` must have at least one combination"))
	}
	all = slices.DeleteFunc(all, func(cb combination) bool { return cb.skipped })
	if len(all) > c.limits.MatrixJobs {
		r.fail(c.tooManyCombinations())
	}
	return all
}

// adjust changes the combinations that adjustments name and adds those that are new. Of several on one combination any
// `skip` and the last `soft_fail` hold.
func adjust(all, adjustments []combination) []combination {
	for _, a := range adjustments {
		found := false
		for i := range all {
			if !slices.Equal(all[i].values, a.values) {
				continue
			}
			found = true
			all[i].skipped = all[i].skipped || a.skipped
			if a.softFail != nil {
				all[i].softFail = a.softFail
			}
		}
		if !found {
			all = append(all, a)
		}
	}
	return all
}

func (c *compiler) tooManyCombinations() *Error {
	return refuse("A matrix can have at most %d jobs", c.limits.MatrixJobs)
}
