package pipeline

// Keys returns the keys of the plan's steps in document order, a group's before its children's.
func (p Plan) Keys() []string {
	var keys []string
	collectKeys(p.Steps, &keys)
	return keys
}

func collectKeys(steps []Step, keys *[]string) {
	for _, s := range steps {
		if s.Key != "" {
			*keys = append(*keys, s.Key)
		}
		collectKeys(s.Steps, keys)
	}
}
