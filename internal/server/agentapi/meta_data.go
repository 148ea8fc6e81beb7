package agentapi

import (
	"net/http"

	"github.com/bridle-ci/bridle/internal/core/fault"
	"github.com/bridle-ci/bridle/internal/core/ids"
)

// maxBatch is how many keys of meta-data one call may set.
const maxBatch = 1000

type metaDataItem struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// buildID is the build of the path, or empty for the one of the path's job.
func (c *call) buildID() (string, error) {
	text, given := c.params["build"]
	if !given {
		return "", nil
	}
	id, ok := ids.ParseUUID(text)
	if !ok {
		return "", fault.Missing("build")
	}
	return id, nil
}

func (a *API) setMetaData(c *call) error {
	var in metaDataItem
	if err := c.body(&in, maxBody); err != nil {
		return err
	}
	if err := a.Jobs.SetMetaData(c.r.Context(), c.job, "", map[string]string{in.Key: in.Value}); err != nil {
		return err
	}
	return c.done()
}

// setMetaDataBatch answers what is wrong with the items with 404: any other 4xx is repeated for four minutes
// (docs/contract/agent-api.md, section 11).
func (a *API) setMetaDataBatch(c *call) error {
	var in struct {
		Items []metaDataItem `json:"items"`
	}
	err := c.body(&in, maxMetaDataBody)
	if err == nil && len(in.Items) > maxBatch {
		err = fault.New(fault.Invalid, "At most %d keys of meta-data can be set at once", maxBatch)
	}
	if err == nil {
		items := make(map[string]string, len(in.Items))
		for _, item := range in.Items {
			items[item.Key] = item.Value
		}
		err = a.Jobs.SetMetaData(c.r.Context(), c.job, "", items)
	}
	if err != nil {
		for _, final := range []fault.Kind{fault.Invalid, fault.Malformed, fault.TooLarge, fault.Conflict, fault.Forbidden} {
			err = withStatus(err, final, http.StatusNotFound)
		}
		return err
	}
	return c.done()
}

func (a *API) metaData(c *call) error {
	key, buildID, err := c.metaDataKey()
	if err != nil {
		return err
	}
	value, err := a.Jobs.MetaData(c.r.Context(), c.job, buildID, key)
	if err != nil {
		return err
	}
	return c.ok(metaDataItem{key, value})
}

// metaDataExists says whether a key is there; that it is not is no error.
func (a *API) metaDataExists(c *call) error {
	key, buildID, err := c.metaDataKey()
	if err != nil {
		return err
	}
	exists, err := a.Jobs.MetaDataExists(c.r.Context(), c.job, buildID, key)
	if err != nil {
		return err
	}
	return c.ok(struct {
		Exists bool `json:"exists"`
	}{exists})
}

func (c *call) metaDataKey() (key, buildID string, err error) {
	var in metaDataItem
	if err := c.body(&in, maxBody); err != nil {
		return "", "", err
	}
	buildID, err = c.buildID()
	return in.Key, buildID, err
}

func (a *API) metaDataKeys(c *call) error {
	buildID, err := c.buildID()
	if err != nil {
		return err
	}
	keys, err := a.Jobs.MetaDataKeys(c.r.Context(), c.job, buildID)
	if err != nil {
		return err
	}
	if keys == nil {
		keys = []string{}
	}
	return c.ok(keys)
}
