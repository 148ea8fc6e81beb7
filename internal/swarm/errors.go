package swarm

import (
	"errors"
	"strconv"

	"github.com/bridle-ci/bridle/internal/swarm/agentclient"
	"github.com/bridle-ci/bridle/internal/swarm/restclient"
)

// kind names an error of a REST call for counting.
func kind(err error) string {
	if status := (*restclient.StatusError)(nil); errors.As(err, &status) {
		return strconv.Itoa(status.Status)
	}
	return agentclient.Kind(err)
}
