//go:build race

package flood

// Size is how many bytes the inputs have: less than elsewhere, for the race detector
// makes parsers ten times slower, and what it looks for does not grow with the input.
const Size = 1 << 14
