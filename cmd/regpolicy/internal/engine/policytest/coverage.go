package policytest

import (
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

// Coverage is which lines of the policies the tests reached.
type Coverage struct {
	Files   []FileCoverage `json:"files"`
	Lines   int            `json:"lines"` // that can be reached at all
	Reached int            `json:"reached"`
	Percent float64        `json:"percent"`
}

// FileCoverage is one file's share of a Coverage.
type FileCoverage struct {
	File    string  `json:"file"`
	Reached []int   `json:"reached"` // line numbers, sorted
	Missed  []Miss  `json:"missed"`
	Percent float64 `json:"percent"`
}

// Miss is a run of lines that no test reached.
type Miss struct {
	From int `json:"from"`
	To   int `json:"to"`
	// Why is what kept the tests from it.
	Why string `json:"why"`
}

func coverage(covered *cover.Cover, s *engine.Sources, opt Options) *Coverage {
	modules := map[string]*ast.Module{}
	for path, m := range s.Modules() {
		if opt.Under(path) {
			modules[path] = m
		}
	}
	rep := covered.Report(modules)
	out := &Coverage{Files: []FileCoverage{}}
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		f := rep.Files[path]
		if f == nil {
			continue
		}
		one := FileCoverage{File: path, Reached: lines(f.Covered), Missed: []Miss{}}
		reached := map[int]bool{}
		for _, line := range one.Reached {
			reached[line] = true
		}
		missed := slices.DeleteFunc(lines(f.NotCovered), func(line int) bool { return reached[line] })
		for _, line := range missed {
			why := whyMissed(modules[path], line, reached)
			if n := len(one.Missed); n > 0 && one.Missed[n-1].To == line-1 && one.Missed[n-1].Why == why {
				one.Missed[n-1].To = line
				continue
			}
			one.Missed = append(one.Missed, Miss{From: line, To: line, Why: why})
		}
		out.Reached += len(one.Reached)
		out.Lines += len(one.Reached) + len(missed)
		one.Percent = percent(len(one.Reached), len(one.Reached)+len(missed))
		out.Files = append(out.Files, one)
	}
	out.Percent = percent(out.Reached, out.Lines)
	return out
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(part) / float64(whole)
}

// lines are the first lines of ranges, once each. An expression counts where it
// begins.
func lines(ranges []cover.Range) []int {
	seen := map[int]bool{}
	for _, r := range ranges {
		seen[r.Start.Row] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// whyMissed says what kept the tests from a line: the last expression before it, in
// its rule, that they did reach was never true.
func whyMissed(m *ast.Module, line int, reached map[int]bool) string {
	rule := ruleAt(m, line)
	if rule == nil {
		return "nothing refers to it"
	}
	var rows []int
	for _, part := range parts(rule) {
		for _, expr := range part.Body {
			rows = append(rows, row(expr.Location))
		}
	}
	sort.Ints(rows)
	last := 0
	for _, r := range rows {
		if r < line && reached[r] {
			last = r
		}
		if r > line && line == row(rule.Head.Location) && reached[r] {
			last = r
		}
	}
	if last == 0 {
		return fmt.Sprintf("no test evaluates rule %s", rule.Head.Ref())
	}
	return fmt.Sprintf("line %d was never true", last)
}

func ruleAt(m *ast.Module, line int) *ast.Rule {
	var found *ast.Rule
	for _, r := range m.Rules {
		if row(r.Location) <= line && (found == nil || row(r.Location) >= row(found.Location)) {
			found = r
		}
	}
	return found
}
