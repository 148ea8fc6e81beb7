package agents

import (
	"strconv"
	"strings"
	"time"

	"github.com/bridle-ci/bridle/internal/store/sqldb"
)

// finishedWord begins the hint that says all there is to know of a finished job.
const finishedWord = "finished "

// Finished says that an agent ended a job at a time, and that nothing else changed in its row, so that those who know the
// row need not look at it again after each job.
func (s *Service) Finished(agentID string, at time.Time) {
	s.bus.Publish(Topic(agentID), finishedWord+strconv.FormatInt(sqldb.Micros(at), 10))
}

// FinishedAt returns the time that Finished was told, when a hint of Watch comes from it.
func FinishedAt(hint string) (time.Time, bool) {
	text, found := strings.CutPrefix(hint, finishedWord)
	if !found {
		return time.Time{}, false
	}
	micros, err := strconv.ParseInt(text, 10, 64)
	return sqldb.FromMicros(micros), err == nil
}
