// Package artifacts is the use cases of files that jobs upload: announcing, uploading, searching, downloading, deleting.
//
// Bytes travel by signed addresses that need no other credential: an upload's is given to the agent with the answer to its
// announcement, a download's to whoever may see the artifact. A path is data from a user; objects are named by ids.
//
// The contract is docs/contract/agent-api.md, section 12, and docs/contract/pipelines.md, section 27.
package artifacts
