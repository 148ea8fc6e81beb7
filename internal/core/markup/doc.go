// Package markup turns what jobs say, Markdown and terminal output, into HTML that is safe to show.
//
// It is the one sanitizer of the product: whatever goes from a user's text into a page comes through here. It reads
// nothing and fetches nothing; the addresses of artifacts are given to it (docs/contract/pipelines.md, sections 24 and
// 25).
package markup

// Limits of the contract (docs/contract/pipelines.md, sections 24, 25 and 30).
const (
	// MaxArtifacts is how many artifact:// addresses of an annotation are resolved.
	MaxArtifacts = 10
	// MaxTerminalBlocks is how many fences of an annotation are rendered as terminal output.
	MaxTerminalBlocks = 10
	// MaxLogBytes is how much of the end of a log is rendered.
	MaxLogBytes = 2_000_000
	// maxLogArtifacts is how many artifact:// addresses of a log are resolved.
	maxLogArtifacts = 100
)
