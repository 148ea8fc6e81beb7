// Package build holds the state machines of a build, its steps and its jobs: given one build and an event it decides
// which jobs become runnable, which wait, which fail with their dependencies, and what the build's state is.
//
// It works on a part of a build: the Source hands out the steps, jobs and edges a rule asks for, so an event costs what
// its dependents cost and not what the build costs. It has no clock, storage or randomness; the present time and new
// ids are arguments.
//
// Machine.Apply is the way in. Events that insert steps (created.go, uploaded.go) work out places and dependencies first
// (insert.go, barrier.go, cycle.go); all others move jobs. Every move of a job goes through setJob (transitions.go) and
// every change of an edge through setEdge (edges.go), which keep the counters true; steps whose counters changed are
// visited (settle.go, release.go) until nothing follows any more, and the build's state is derived last (derive.go).
//
// The contract is docs/contract/pipelines.md, sections 3 to 6, 10, 11, 14, 15, 18, 22 and 34.
package build
