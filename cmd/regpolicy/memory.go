package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// spareCollections lets the heap grow fivefold between two collections as long as it is
// small: most runs end within a second, and would spend a third of it on tidying up
// what ends with them. From 64 MB on, and where GOGC is set, Go's own measure holds.
func spareCollections(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(generous)
		collectFrom(64<<20, 100)
	}
}

// saveMemory is for gathering, which leaves behind most of what it reads: a cluster of
// 150,000 pods is 300 pages, each needed for a moment.
func saveMemory(getenv func(string) string) {
	if getenv("GOGC") == "" {
		collectFrom(12<<20, 40)
	}
}

const generous = 400

// collectFrom sets how far the heap may grow, in percent, once so much of it lives and
// nothing else has been set meanwhile.
func collectFrom(small uint64, percent int) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var collected func(struct{})
	// watch has collected called after the next collection.
	watch := func() { runtime.AddCleanup(new([16]byte), collected, struct{}{}) }
	collected = func(struct{}) {
		metrics.Read(live)
		if live[0].Value.Uint64() <= small {
			watch()
			return
		}
		if before := debug.SetGCPercent(percent); before != generous {
			debug.SetGCPercent(before)
		}
	}
	watch()
}

// giveBack returns memory that gathering is done with, where that is much: what comes
// next is one large piece, for which it has no room.
func giveBack() {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	const much = 96 << 20
	if heap[0].Value.Uint64()+heap[1].Value.Uint64()+heap[2].Value.Uint64() > much {
		debug.FreeOSMemory()
	}
}
