package rest

import (
	"bytes"
	"encoding/json"

	"github.com/bridle-ci/bridle/internal/core/fault"
)

func (a *API) retryJob(c *call) error {
	j, place, err := a.Builds.RetryJob(c.r.Context(), c.actor, c.jobRef())
	if err != nil {
		return err
	}
	return a.showJob(c, j, place)
}

func (a *API) reprioritizeJob(c *call) error {
	var in struct {
		Priority json.RawMessage `json:"priority"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	var priority *int
	if json.Unmarshal(in.Priority, &priority) != nil || priority == nil {
		return malformed("Priority must be an integer")
	}
	j, place, err := a.Builds.ReprioritizeJob(c.r.Context(), c.actor, c.jobRef(), *priority)
	if err != nil {
		return err
	}
	return a.showJob(c, j, place)
}

func (a *API) unblockJob(c *call) error {
	var in struct {
		Unblocker string                 `json:"unblocker"`
		Fields    map[string]fieldValues `json:"fields"`
	}
	if err := c.body(&in); err != nil {
		return err
	}
	fields := make(map[string][]string, len(in.Fields))
	for key, values := range in.Fields {
		fields[key] = values
	}
	j, place, err := a.Builds.UnblockJob(c.r.Context(), c.actor, c.jobRef(), in.Unblocker, fields)
	if err != nil {
		return err
	}
	return a.showJob(c, j, place)
}

// fieldValues is the value of a block step's field: one, or an array of them.
type fieldValues []string

// UnmarshalJSON implements json.Unmarshaler.
func (v *fieldValues) UnmarshalJSON(raw []byte) error {
	if !bytes.HasPrefix(raw, []byte("[")) {
		raw = append(append([]byte("["), raw...), ']')
	}
	var values []scalar
	if err := json.Unmarshal(raw, &values); err != nil {
		return fault.InvalidFields(fault.Field{Field: "fields", Code: "must be strings or arrays of strings"})
	}
	*v = make(fieldValues, len(values))
	for i, value := range values {
		(*v)[i] = string(value)
	}
	return nil
}
