package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// garbageRoom is how many bytes of garbage are let be before a collection, at the least. By its default, Go collects when
// there is as much garbage as there is in use, which for a server without agents is little: it would collect every few
// hundred requests, and spend a sixth of its time on it.
const garbageRoom = 64 << 20

// usualPercent is Go's default for GOGC, which holds for larger heaps.
const usualPercent = 100

// giveGarbageRoom keeps garbageRoom as what is in use changes, until the process ends. GOGC takes precedence.
func giveGarbageRoom() {
	if os.Getenv("GOGC") != "" {
		return
	}
	var afterCollection func(*sentinel)
	afterCollection = func(*sentinel) {
		debug.SetGCPercent(garbagePercent(inUse()))
		runtime.SetFinalizer(&sentinel{}, afterCollection)
	}
	afterCollection(nil)
}

// sentinel is garbage at once, so that its finalizer is called after the next collection. It has a pointer, as objects
// without may share their memory with others that live.
type sentinel struct{ _ *sentinel }

// inUse returns the bytes that the next collection is planned by: what lived through the last one, stacks and globals.
func inUse() uint64 {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(samples)
	var sum uint64
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			sum += s.Value.Uint64()
		}
	}
	return sum
}

// garbagePercent is how much garbage there may be, in percent of what is in use.
func garbagePercent(inUse uint64) int {
	const most = 1000 // of a process that has just begun
	if inUse == 0 {
		return most
	}
	return min(max(int(garbageRoom*100/inUse), usualPercent), most)
}
