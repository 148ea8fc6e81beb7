package rest

import (
	"bytes"
	"maps"
	"slices"
)

// getJobEnv answers with the variables of a command job, as an object or as lines.
func (a *API) getJobEnv(c *call) error {
	env, err := a.Builds.JobEnv(c.r.Context(), c.actor, c.jobRef())
	if err != nil {
		return err
	}
	if c.form() != textForm {
		return c.ok(struct {
			Env map[string]string `json:"env"`
		}{notNil(env)})
	}
	var lines bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(env)) {
		lines.WriteString(name + "=" + env[name] + "\n")
	}
	return c.write(textForm, lines.Bytes())
}
