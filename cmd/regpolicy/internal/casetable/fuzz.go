package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ledgerFields are package, target, executions, new inputs, inputs kept, seconds of
// CPU, seconds, and the verdict.
const ledgerFields = 8

// fuzzed is what a target did in all its runs.
type fuzzed struct{ executions, fresh, cpu, failed int }

// The table, and the line above it.
const (
	fuzzSum = "%d targets, %d inputs, %f hours of CPU, %d runs of %d found something.\n"
	fuzzRow = "| %s | %s | %d | %f | %d | %d |\n"
)

// fuzzTable sums up the ledger of .ci/fuzz, and what a table says already.
func fuzzTable(in io.Reader, told string) (string, error) {
	targets, runs, err := fuzzTold(told)
	if err != nil {
		return "", err
	}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != ledgerFields {
			return "", fmt.Errorf("reading line %d of the ledger: %d fields, want %d", n, len(fields), ledgerFields)
		}
		var counts [3]int
		for i, at := range []int{2, 3, 5} {
			if counts[i], err = strconv.Atoi(fields[at]); err != nil {
				return "", fmt.Errorf("reading line %d of the ledger: %w", n, err)
			}
		}
		one := fuzzed{counts[0], counts[1], counts[2], 0}
		if fields[7] != "ok" {
			one.failed = 1
		}
		name := [2]string{fields[0], fields[1]}
		targets[name] = targets[name].plus(one)
		runs++
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("reading the ledger: %w", err)
	}
	var all fuzzed
	for _, f := range targets {
		all = all.plus(f)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n"+strings.Replace(fuzzSum, "%f", "%.1f", 1)+"\n", len(targets), all.executions, float64(all.cpu)/3600, all.failed, runs)
	out.WriteString("| package | target | inputs | minutes of CPU | new ways found | runs that failed |\n|---|---|---|---|---|---|\n")
	byName := func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }
	for _, name := range slices.SortedFunc(maps.Keys(targets), byName) {
		f := targets[name]
		fmt.Fprintf(&out, strings.Replace(fuzzRow, "%f", "%.1f", 1), name[0], name[1], f.executions, float64(f.cpu)/60, f.fresh, f.failed)
	}
	out.WriteString("\n")
	return out.String(), nil
}

// fuzzTold reads a table back: what each target of a package did, and the number of all
// runs. Its minutes are rounded to six seconds.
func fuzzTold(table string) (map[[2]string]fuzzed, int, error) {
	targets, runs := map[[2]string]fuzzed{}, 0
	for line := range strings.Lines(table) {
		var name [2]string
		var f fuzzed
		var minutes, hours float64
		var count, inputs, failed int
		switch {
		case strings.HasPrefix(line, "| package |"), strings.HasPrefix(line, "|---|"), line == "\n":
		case strings.HasPrefix(line, "| "):
			if _, err := fmt.Sscanf(line, fuzzRow, &name[0], &name[1], &f.executions, &minutes, &f.fresh, &f.failed); err != nil {
				return nil, 0, fmt.Errorf("reading the row %q: %w", line, err)
			}
			f.cpu = int(math.Round(minutes * 60))
			targets[name] = f
		default:
			if _, err := fmt.Sscanf(line, fuzzSum, &count, &inputs, &hours, &failed, &runs); err != nil {
				return nil, 0, fmt.Errorf("reading the line %q: %w", line, err)
			}
		}
	}
	return targets, runs, nil
}

func (f fuzzed) plus(o fuzzed) fuzzed {
	return fuzzed{f.executions + o.executions, f.fresh + o.fresh, f.cpu + o.cpu, f.failed + o.failed}
}
