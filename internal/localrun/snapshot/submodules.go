package snapshot

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// submodules returns the environment in which git clones the submodules of a commit: those that are here from here, so
// that commits which were not pushed are found; others from where their URL leads seen from the origin, since a
// relative URL would be taken as relative to the snapshot.
func (g repository) submodules(ctx context.Context, b repository, commit string) ([]string, error) {
	listed, err := b.run(ctx, nil, "config", "--blob", commit+":.gitmodules", "--get-regexp", `^submodule\..*\.url$`)
	if err != nil || listed == "" {
		return nil, ctx.Err() // no submodules
	}
	origin := g.setting(ctx, "remote.origin.url")
	settings := [][2]string{{"protocol.file.allow", "always"}}
	for line := range strings.Lines(listed) {
		key, where, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(key, "submodule."), ".url")
		if here := g.submodule(name); here != "" {
			where = here
		} else if isRelative(where) {
			where = relativeTo(origin, where)
		}
		settings = append(settings, [2]string{key, where})
	}
	return asEnvironment(settings), nil
}

// submodule returns the folder of the repository of a submodule that is here, "" when it is not.
func (g repository) submodule(name string) string {
	for _, dir := range []string{g.gitDir, g.commonDir} {
		if here := filepath.Join(dir, "modules", filepath.FromSlash(name)); isFolder(here) {
			return here
		}
	}
	return ""
}

// asEnvironment writes git settings as variables, after those that are there already.
func asEnvironment(settings [][2]string) []string {
	first, err := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT"))
	if err != nil {
		first = 0
	}
	environment := []string{fmt.Sprintf("GIT_CONFIG_COUNT=%d", first+len(settings))}
	for i, s := range settings {
		environment = append(environment,
			fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", first+i, s[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", first+i, s[1]))
	}
	return environment
}

func isRelative(where string) bool {
	return strings.HasPrefix(where, "./") || strings.HasPrefix(where, "../")
}

// relativeTo resolves a relative URL of a submodule as git does: from the origin as if that were a folder. The origin
// may be a URL, a path, or of the form host:path.
func relativeTo(origin, where string) string {
	if origin == "" {
		return where
	}
	prefix, path := "", origin
	if u, err := url.Parse(origin); err == nil && u.Host != "" {
		prefix, path = strings.TrimSuffix(origin, u.Path), u.Path
	} else if host, rest, ok := strings.Cut(origin, ":"); ok && !strings.Contains(host, "/") {
		prefix, path = host+":", rest
	}
	joined := filepath.ToSlash(filepath.Join(filepath.FromSlash(path), filepath.FromSlash(where)))
	return prefix + joined
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
