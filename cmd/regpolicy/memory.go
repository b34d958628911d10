package main

import (
	"io/fs"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/cgroup"
)

// limitMemory lets Go use nine tenths of what the container may hold, unless
// GOMEMLIMIT says how much. The engine stops policies before that.
func limitMemory(root fs.FS, getenv func(string) string) {
	if limit, ok := cgroup.Memory(root); ok && getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}

// spareCollections lets the heap grow fivefold between two collections as long as it is
// small: most runs end within a second, and would spend a third of it on tidying up
// what ends with them. From 64 MB on, and where GOGC is set, Go's own measure holds.
func spareCollections(getenv func(string) string) {
	if getenv("GOGC") != "" {
		return
	}
	const generous, normal, small = 400, 100, 64 << 20
	debug.SetGCPercent(generous)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var collected func(struct{})
	// watch has collected called after the next collection.
	watch := func() { runtime.AddCleanup(new([16]byte), collected, struct{}{}) }
	collected = func(struct{}) {
		metrics.Read(live)
		if live[0].Value.Uint64() > small {
			debug.SetGCPercent(normal)
			return
		}
		watch()
	}
	watch()
}
