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
// what ends with them. The larger it is, the less it may grow, so that a large cluster
// takes little more memory than what is held of it. Where GOGC is set, that holds.
func spareCollections(getenv func(string) string) {
	if getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth(0))
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	now := growth(0)
	var collected func(struct{})
	// watch has collected called after the next collection.
	watch := func() { runtime.AddCleanup(new([16]byte), collected, struct{}{}) }
	collected = func(struct{}) {
		metrics.Read(live)
		if percent := growth(live[0].Value.Uint64()); percent != now {
			now = percent
			debug.SetGCPercent(percent)
		}
		watch()
	}
	watch()
}

// growth is by how many percent the heap may grow until the next collection.
func growth(live uint64) int {
	switch {
	case live <= 64<<20:
		return 400
	case live <= 128<<20:
		return 100
	default:
		return 40
	}
}
