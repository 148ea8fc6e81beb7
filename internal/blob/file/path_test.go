package file

import (
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Different objects have different files, on file systems that ignore case too, and each prefix has a folder that holds
// its objects and no others.
func TestPathsStayApart(t *testing.T) {
	t.Parallel()

	keys := rapid.StringMatching(`[aAbB.]{0,2}[aAb0]/?[aAb0]{1,3}(/[aAb]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		one, other := keys.Draw(t, "one"), keys.Draw(t, "other")
		onePath, err := objectPath(one)
		if err != nil {
			t.Fatal(err)
		}
		otherPath, err := objectPath(other)
		if err != nil {
			t.Fatal(err)
		}
		if !filepath.IsLocal(onePath) {
			t.Errorf("%s leads out of the store, to %s", one, onePath)
		}
		if one != other && strings.EqualFold(onePath, otherPath) {
			t.Errorf("%s and %s share %s", one, other, onePath)
		}
		folder, err := prefixPath(one + "/")
		if err != nil {
			t.Fatal(err)
		}
		if inFolder, hasPrefix := strings.HasPrefix(otherPath, folder+"/"), strings.HasPrefix(other, one+"/"); inFolder != hasPrefix {
			t.Errorf("%s in the folder of %s/: %v", other, one, inFolder)
		}
	})
}
