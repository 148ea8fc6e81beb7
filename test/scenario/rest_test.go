package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// organization is the slug of the server's one organization.
const organization = "acme"

// What is read of the REST API's objects.
type (
	buildObject struct {
		ID      string
		Number  int
		State   string
		Blocked bool
		Jobs    []jobObject
	}
	jobObject struct {
		ID             string
		Type           string
		StepKey        string `json:"step_key"`
		State          string
		ExitStatus     *int   `json:"exit_status"`
		SoftFailed     bool   `json:"soft_failed"`
		BrokenReason   string `json:"broken_reason"`
		RetriesCount   int    `json:"retries_count"`
		RunnableAt     string `json:"runnable_at"`
		Unblockable    bool
		TriggeredBuild *buildObject `json:"triggered_build"`
	}
	pipelineObject struct{ Slug string }
	// namedObject is whatever has an id alone that matters.
	namedObject struct {
		ID    string
		Token string
	}
)

// rest makes a call about the organization: path is below its own. An answer of what the contract refuses is a *Refused.
func (w *world) rest(ctx context.Context, method, path string, body, out any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	address := w.app.BaseURL + "/v2/organizations/" + organization + "/" + path
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+w.app.Bootstrapped.APIToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %w", method, path, restError(response.StatusCode, raw))
	}
	return json.Unmarshal(raw, out)
}

func restError(status int, raw []byte) error {
	var body struct {
		Message string
		Errors  []struct{ Field, Code string }
	}
	if err := json.Unmarshal(raw, &body); err != nil || !refusal(status) {
		return fmt.Errorf("status %d: %s", status, raw)
	}
	text := []string{body.Message}
	for _, e := range body.Errors {
		text = append(text, e.Field+" "+e.Code)
	}
	return &Refused{Message: strings.Join(text, ": ")}
}

// refusal reports whether a status says that a request is understood and not allowed.
func refusal(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return true
	}
	return false
}
