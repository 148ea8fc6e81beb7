package pipeline

import "github.com/buildkite/go-pipeline/ordered"

// readCache checks the shape of `cache`, which is the agent's matter: it cannot read a job with another one. It returns
// the cache with its values in the types the agent reads, nil when there is none.
func readCache(r *reader) any {
	switch v := r.value("cache").(type) {
	case nil, bool, string:
		return v
	case []any:
		r.texts("cache")
		return v
	case *ordered.MapSA:
		cache := &reader{values: copyMap(v)}
		cache.noBlankName()
		cache.plainText("name")
		cache.plainText("size")
		cache.texts("paths")
		if cache.value("disabled") != nil {
			cache.values.Set("disabled", cache.boolean("disabled", false))
		}
		r.fail(cache.err, "cache")
		return cache.values
	default:
		r.fail(refuse("`cache` must be paths, a mapping or a boolean, but it is %s", noun(v)), "cache")
		return nil
	}
}

// mergeCache writes the step's cache back, or the document's where the step has none.
func (c *compiler) mergeCache(r *reader) {
	cache := readCache(r)
	if cache == nil {
		cache = c.defaults.cache
	}
	if cache != nil {
		r.values.Set("cache", cache)
	}
}
