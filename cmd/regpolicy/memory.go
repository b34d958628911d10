package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

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

// growth is by how many percent the heap may grow until the next collection: to 192 MB,
// but no more than fivefold, and by a third where it is larger.
func growth(live uint64) int {
	const room, most, least = 192 << 20, 400, 33
	if live >= room {
		return least
	}
	return int(max(least, min(most, 100*(room-live)/max(live, 1))))
}
