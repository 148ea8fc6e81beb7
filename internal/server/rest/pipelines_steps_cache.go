package rest

import (
	"sync"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// maxCachedConfigurations bounds the bytes of the configurations whose steps are remembered.
const maxCachedConfigurations = 8 << 20

// configured is what a configuration says of a pipeline that has no build yet. It is shared and not to be changed.
type configured struct {
	steps []pipelineStep
	env   map[string]string
}

// stepsCache remembers what configurations say, by their text: every object of a build has its pipeline's steps in it, and
// to parse and compile them costs more than all the rest of such an answer. The zero value is ready for use.
type stepsCache struct {
	mu    sync.Mutex
	known map[string]configured
	size  int
}

func (s *stepsCache) of(configuration string) configured {
	s.mu.Lock()
	found, ok := s.known[configuration]
	s.mu.Unlock()
	if ok {
		return found
	}
	found = configuredSteps(configuration)
	if len(configuration) > maxCachedConfigurations {
		return found
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, raced := s.known[configuration]; raced {
		return found
	}
	if s.known == nil || s.size+len(configuration) > maxCachedConfigurations {
		s.known, s.size = map[string]configured{}, 0
	}
	s.known[configuration] = found
	s.size += len(configuration)
	return found
}

// configuredSteps reads a configuration as far as it can be read without a build.
func configuredSteps(configuration string) configured {
	none := configured{steps: []pipelineStep{}}
	document, err := pipeline.Parse([]byte(configuration))
	if err != nil {
		return none
	}
	plan, err := document.Compile(pipeline.Options{Stored: true, Draft: true})
	if err != nil {
		return none
	}
	return configured{steps: appendSteps(none.steps, plan.Steps), env: plan.Env}
}
