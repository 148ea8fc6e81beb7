package build

import (
	"fmt"

	"github.com/bridle-ci/bridle/internal/core/pipeline"
)

// A path is the place of a step, made so that byte order is build order:
//
//	00003                     the fourth step of the build
//	00003.00000               the first child of the group there
//	00003/99999.00000         the first step of what the step there uploaded, as the build's first upload
//	00003/99998.00000         of its second upload: before the first
//	00003/99999.00001.00000   the first child of an uploaded group
//
// '.' sorts before '/' and both before the digits, so children and uploads come before the next step. Uploads count
// down, since a later one is inserted before an earlier one (docs/contract/pipelines.md, section 15.3).
const pathWidth = 5

// lastPlace is the highest number of a path's component.
const lastPlace = 99999

func topPath(index int) string { return fmt.Sprintf("%0*d", pathWidth, index) }

func childPath(group string, index int) string { return group + "." + topPath(index) }

func uploadPath(uploader string, upload, index int) string {
	return uploader + "/" + topPath(lastPlace-upload) + "." + topPath(index)
}

// uploadedDirectly reports whether the path is that of a step uploaded into its uploader's list, and not that of a
// child of an uploaded group.
func uploadedDirectly(path string) bool {
	slash := len(path) - 2*pathWidth - 2
	return slash >= 0 && path[slash] == '/'
}

// wholeOf returns the id of the step that the step is a part of: its uploader, or its group, or none. A step uploaded
// into a group is a part of its uploader alone, which is a part of the group.
func (s *Step) wholeOf() string {
	if s.UploadedBy != "" && uploadedDirectly(s.Path) {
		return s.UploadedBy
	}
	return s.GroupID
}

// isBarrier reports whether what comes after the step in its scope waits for it.
func (s *Step) isBarrier() bool {
	return (s.Kind == pipeline.KindWait || s.Kind == pipeline.KindBlock) && s.State != StepIgnored
}

func (s *Step) isGroup() bool { return s.Kind == pipeline.KindGroup }
