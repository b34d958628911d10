package main

import "testing"

// TestHeapGrowth: whatever lives, the heap may grow, and by no more than is said.
func TestHeapGrowth(t *testing.T) {
	var judging, little, gathering heap
	little.judgesLittle.Store(true)
	gathering.gather()
	const mb = 1 << 20
	for h, most := range map[*heap]int{&judging: 96, &little: 80, &gathering: 8} {
		if first := h.growth(0) * 4 / 100; first != most {
			t.Errorf("the first collection comes at %d MB, want %d", first, most)
		}
	}
	for live := uint64(mb); live < 2_000*mb; live += mb {
		for _, h := range []*heap{&judging, &little, &gathering} {
			percent := h.growth(live)
			if percent < 12 || percent > 400 && live >= 8*mb {
				t.Fatalf("%d MB may grow by %d percent", live/mb, percent)
			}
			if goal := live + live*uint64(percent)/100; goal > 192*mb && percent > 40 {
				t.Errorf("%d MB may grow by %d percent to %d MB", live/mb, percent, goal/mb)
			}
		}
		if goal := live + live*uint64(little.growth(live))/100; live < 160*mb && goal > max(80*mb, live*9/8) {
			t.Errorf("%d MB may grow to %d MB while little is judged", live/mb, goal/mb)
		}
		if live > 12*mb && gathering.growth(live) != 40 {
			t.Errorf("while much is gathered %d MB may grow by %d percent", live/mb, gathering.growth(live))
		}
	}
}
