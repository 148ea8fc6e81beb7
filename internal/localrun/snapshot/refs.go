package snapshot

import (
	"context"
	"fmt"
	"strings"
)

// detachedBranch is the branch of a commit that is on none.
const detachedBranch = "detached"

// branch returns the branch to build: the one asked for, the one checked out, or one at the commit checked out.
func (g repository) branch(ctx context.Context, asked, head string) (string, error) {
	if asked != "" {
		if _, err := g.run(ctx, nil, "check-ref-format", "refs/heads/"+asked); err != nil {
			return "", fmt.Errorf("--branch %s: git does not allow that name for a branch", asked)
		}
		return asked, nil
	}
	if name, err := g.run(ctx, nil, "symbolic-ref", "--short", "--quiet", "HEAD"); err == nil {
		return name, nil
	}
	names, err := g.run(ctx, nil, "for-each-ref", "--points-at="+head, "--format=%(refname:lstrip=2)", "refs/heads")
	if err != nil {
		return "", err
	}
	if first, _, _ := strings.Cut(names, "\n"); first != "" {
		return first, nil
	}
	return detachedBranch, nil
}

// copyRefs gives b the branches and tags that a clone of the origin has, so that scripts can compare with them; without
// an origin, the user's own. The branch to build is at the commit to build. It returns the default branch.
func (g repository) copyRefs(ctx context.Context, b repository, branch, commit string) (string, error) {
	const origin = "refs/remotes/origin/"
	listed, err := g.run(ctx, nil, "for-each-ref", "--format=%(objectname) %(refname)", origin, "refs/tags/")
	if err != nil {
		return "", err
	}
	heads := origin
	if !strings.Contains(listed, " "+origin) {
		heads = "refs/heads/"
		own, err := g.run(ctx, nil, "for-each-ref", "--format=%(objectname) %(refname)", heads)
		if err != nil {
			return "", err
		}
		listed += "\n" + own
	}
	var update strings.Builder
	fmt.Fprintf(&update, "create refs/heads/%s %s\n", branch, commit)
	for line := range strings.Lines(listed) {
		object, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || name == origin+"HEAD" {
			continue
		}
		if short, isBranch := strings.CutPrefix(name, heads); isBranch {
			if collide(short, branch) {
				continue
			}
			name = "refs/heads/" + short
		}
		fmt.Fprintf(&update, "create %s %s\n", name, object)
	}
	if _, err := b.run(ctx, &call{stdin: update.String()}, "update-ref", "--stdin"); err != nil {
		return "", err
	}
	if _, err := b.run(ctx, nil, "symbolic-ref", "HEAD", "refs/heads/"+branch); err != nil {
		return "", err
	}
	if name, err := g.run(ctx, nil, "symbolic-ref", "--quiet", origin+"HEAD"); err == nil {
		return strings.TrimPrefix(name, origin), nil
	}
	return branch, nil
}

// collide reports whether two branches cannot both be: they are the same, or one is a folder of the other.
func collide(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}
