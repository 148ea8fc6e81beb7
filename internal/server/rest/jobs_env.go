package rest

import (
	"bytes"
	"maps"
	"slices"
	"strings"
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
		lines.WriteString(name + "=" + lineOf(env[name]) + "\n")
	}
	return c.write(textForm, lines.Bytes())
}

// inQuotes writes a text as tools that read such files expect it between double quotes.
var inQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "\n", `\n`, "\r", `\r`)

// lineOf is the value of a variable on one line: as it is, or quoted where it has several. Otherwise the second line of a
// build's message would be read as a variable of its own.
func lineOf(value string) string {
	if !strings.ContainsAny(value, "\r\n") {
		return value
	}
	return `"` + inQuotes.Replace(value) + `"`
}
