package main

import (
	"io/fs"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/cgroup"
)

// limitMemory lets Go use nine tenths of what the container may hold, unless
// GOMEMLIMIT says how much. The engine stops policies before that.
func limitMemory(root fs.FS, getenv func(string) string) {
	if limit, ok := cgroup.Memory(root); ok && getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}

// heap decides how far the heap may grow between two collections.
type heap struct {
	gathers, judgesLittle atomic.Bool
	// fixed tells that GOGC decides; now is what was decided last.
	fixed bool
	now   atomic.Int64
}

// spareCollections lets the heap grow fivefold between two collections as long as it is
// small: most runs end within a second, and would spend a third of it on tidying up
// what ends with them. The larger it is, the less it may grow, so that a large cluster
// takes little more memory than what is held of it. Where GOGC is set, that holds.
func spareCollections(getenv func(string) string) *heap {
	h := &heap{fixed: getenv("GOGC") != ""}
	if h.fixed {
		return h
	}
	h.decide()
	var collected func(struct{})
	// watch has collected called after the next collection.
	watch := func() { runtime.AddCleanup(new([16]byte), collected, struct{}{}) }
	collected = func(struct{}) {
		h.decide()
		watch()
	}
	watch()
	return h
}

// decide goes by what the last collection found to live.
func (h *heap) decide() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := h.growth(live[0].Value.Uint64())
	if h.now.Swap(int64(percent)) != int64(percent) {
		debug.SetGCPercent(percent)
	}
}

// gather tells that much of what is read from now on is soon done with: a cluster of
// 150,000 pods is 300 pages, each needed for a moment.
func (h *heap) gather() {
	if h != nil {
		h.gathers.Store(true)
	}
}

// judgeLittle tells that little of a large document is judged, which takes far less than
// the room for all of it.
func (h *heap) judgeLittle() {
	if h != nil && !h.fixed {
		h.judgesLittle.Store(true)
		h.decide()
	}
}

// growth is by how many percent the heap may grow until the next collection: to 192 MB,
// but no more than fivefold, and by a quarter where it is larger. While much is gathered
// it may not even grow fivefold from little: what it finds at one collection may be the
// double of what it found at the last. Where little is judged it may grow to 80 MB, and by
// an eighth where it is larger, unless it is so large that collecting takes long.
func (h *heap) growth(live uint64) int {
	switch {
	case h.gathers.Load() && live > 12<<20:
		return 40
	case h.gathers.Load():
		return 200
	case h.judgesLittle.Load() && live < 160<<20:
		return growth(live, 80<<20, 12)
	default:
		return growth(live, 192<<20, 24)
	}
}

// growth is by how many percent what lives may grow: to room, and by least at least.
// A start takes 90 MB with its garbage, and four collections took a sixth of its time:
// as long as little lives, which Go takes for 4 MB, there is room for it.
func growth(live, room uint64, least int) int {
	const most, little, start, reckoned = 400, 8 << 20, 96 << 20, 4 << 20
	switch {
	case live < little:
		return int(100 * (min(room, start) - live) / max(live, reckoned)) //nolint:gosec // it is small
	case live >= room:
		return least
	}
	return max(least, int(min(most, 100*(room-live)/max(live, 1)))) //nolint:gosec // at most 400
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
