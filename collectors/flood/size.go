//go:build !race

package flood

// Size is how many bytes the inputs have.
const Size = 1 << 20
