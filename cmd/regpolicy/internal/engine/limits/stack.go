package limits

import (
	"fmt"
	"runtime/metrics"
)

// Stack bounds what the stacks of the whole process take together, in bytes.
type Stack int64

// maxStack leaves room: Go doubles a stack, and ends the program where one would have a
// GiB. While it doubles both are held.
const maxStack = 200 << 20

// StackBound is a quarter of what the process may hold, where that is less.
func StackBound() Stack { return Stack(min(maxStack, ceiling()/4)) }

// LookEvery is after how many unifications who is told of them looks at the stacks: in so
// many they grow by 10 MB.
const LookEvery = 1 << 13

// Exceeded tells whether stacks have grown beyond the bound.
func (s Stack) Exceeded() bool {
	held := []metrics.Sample{{Name: stacks}}
	metrics.Read(held)
	return s.exceededBy(held[0].Value.Uint64())
}

const stacks = "/memory/classes/heap/stacks:bytes"

func (s Stack) exceededBy(bytes uint64) bool { return bytes > uint64(s) } //nolint:gosec // it is not negative

// Reason tells why what fills the stack was stopped, and the cure.
func (s Stack) Reason() string {
	return fmt.Sprintf("its stack grew beyond %d MiB: compare sets, or values of fewer parts or less deep", s>>20)
}
