package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ledgerFields are package, target, executions, new inputs, inputs kept, seconds of
// CPU, seconds, and the verdict.
const ledgerFields = 8

// fuzzed is what a target did in all its runs.
type fuzzed struct{ runs, executions, fresh, cpu, failed int }

// fuzzTable sums up the ledger of .ci/fuzz.
func fuzzTable(in io.Reader) (string, error) {
	targets := map[string]fuzzed{}
	var all fuzzed
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != ledgerFields {
			return "", fmt.Errorf("reading line %d of the ledger: %d fields, want %d", n, len(fields), ledgerFields)
		}
		var counts [3]int
		for i, at := range []int{2, 3, 5} {
			var err error
			if counts[i], err = strconv.Atoi(fields[at]); err != nil {
				return "", fmt.Errorf("reading line %d of the ledger: %w", n, err)
			}
		}
		one := fuzzed{1, counts[0], counts[1], counts[2], 0}
		if fields[7] != "ok" {
			one.failed = 1
		}
		name := fields[0] + " | " + fields[1]
		targets[name] = targets[name].plus(one)
		all = all.plus(one)
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("reading the ledger: %w", err)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n%d targets, %d inputs, %.1f hours of CPU, %d runs of %d found something.\n\n", len(targets), all.executions, float64(all.cpu)/3600, all.failed, all.runs)
	out.WriteString("| package | target | inputs | minutes of CPU | new ways found | runs that failed |\n|---|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		f := targets[name]
		fmt.Fprintf(&out, "| %s | %d | %.1f | %d | %d |\n", name, f.executions, float64(f.cpu)/60, f.fresh, f.failed)
	}
	out.WriteString("\n")
	return out.String(), nil
}

func (f fuzzed) plus(o fuzzed) fuzzed {
	return fuzzed{f.runs + o.runs, f.executions + o.executions, f.fresh + o.fresh, f.cpu + o.cpu, f.failed + o.failed}
}
