package agentapi

import (
	"time"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
)

// defaultForceGrace is how long jobs of a step that is canceled by force may take to end.
const defaultForceGrace = 15 * time.Second

// maxForceGrace keeps a grace period from being for ever.
const maxForceGrace = 24 * time.Hour

// optionalBuildID is a build named in a body; empty is the build of the job that asks.
func optionalBuildID(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	id, ok := ids.ParseUUID(text)
	if !ok {
		return "", fault.Missing("build")
	}
	return id, nil
}

func (a *API) exportStep(c *call) error {
	var in struct {
		Attribute string `json:"attribute"`
		BuildID   string `json:"build_id"`
		Format    string `json:"format"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	buildID, err := optionalBuildID(in.BuildID)
	if err != nil {
		return err
	}
	output, err := a.Jobs.ExportStep(c.r.Context(), c.job, c.params["step"], buildID, in.Attribute, in.Format)
	if err != nil {
		return err
	}
	return c.ok(struct {
		Output string `json:"output"`
	}{output})
}

func (a *API) updateStep(c *call) error {
	var in struct {
		IdempotencyUUID string `json:"idempotency_uuid"`
		BuildID         string `json:"build_id"`
		Attribute       string `json:"attribute"`
		Value           string `json:"value"`
		Append          bool   `json:"append"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	buildID, err := optionalBuildID(in.BuildID)
	if err != nil {
		return err
	}
	err = a.Jobs.UpdateStep(c.r.Context(), c.job, c.params["step"], buildID, in.Attribute, in.Value, in.Append, in.IdempotencyUUID)
	if err != nil {
		return err
	}
	return c.done()
}

type canceledBody struct {
	UUID string `json:"uuid"`
}

func (a *API) cancelStep(c *call) error {
	var in struct {
		BuildID          string `json:"build_id"`
		Force            bool   `json:"force"`
		ForceGracePeriod *int64 `json:"force_grace_period"`
	}
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	buildID, err := optionalBuildID(in.BuildID)
	if err != nil {
		return err
	}
	grace := defaultForceGrace
	if s := in.ForceGracePeriod; s != nil {
		if *s < 0 || *s > int64(maxForceGrace/time.Second) {
			return fault.New(fault.Invalid, "force_grace_period must be between 0 and %d seconds", maxForceGrace/time.Second)
		}
		grace = time.Duration(*s) * time.Second
	}
	uuid, err := a.Jobs.CancelStep(c.r.Context(), c.job, c.params["step"], buildID, in.Force, grace)
	if err != nil {
		return err
	}
	return c.ok(canceledBody{uuid})
}

func (a *API) cancelBuild(c *call) error {
	buildID, err := c.buildID()
	if err != nil {
		return err
	}
	uuid, err := a.Jobs.CancelBuild(c.r.Context(), c.job, buildID)
	if err != nil {
		return err
	}
	return c.ok(canceledBody{uuid})
}
