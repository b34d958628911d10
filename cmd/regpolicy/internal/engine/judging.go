package engine

import (
	"cmp"
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/version"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/fleet"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// fleetTrustPaths is how many trust paths a report over many documents draws, where
// it keeps findings only.
const fleetTrustPaths = 100

// A document takes about ten times its bytes as policies read it, and what they
// derive from it as much again.
const defaultMemory, memoryPerByte = 1 << 30, 20

// Judging makes one report of documents that come one after another. What it keeps
// of each are its results and sums; the document itself may go.
type Judging struct {
	library *Library
	opt     Options
	rep     *report.Report

	waivers  *waiving
	quoted   *excerpts
	affected reach
	told     map[string]told // by fingerprint of a failure: what it bears on
	fleet    *fleet.Join
	dropped  report.Summary
	expected int // documents, as far as that is known
}

// maxRoom bounds for how many results there is room before they come.
const maxRoom = 1 << 16

// Judged is one document's share of a report. It holds the document's text as
// policies read it, until it is added.
type Judged struct {
	document report.Document
	value    readable
	results  resultLists
	passes   []packed
	foreseen foresight
	paths    []report.TrustPath
	pulls    []pull
	told     map[string]told
	coverage map[string]evidence.Coverage
	facts    *fleet.Facts
	size     int
}

// Begin starts a report. Close ends what watches over the policies' memory.
func (l *Library) Begin(opt Options) *Judging {
	opt.memory = limits.WatchMemory(cmp.Or(opt.Memory, defaultMemory))
	opt.exclusive = &sync.RWMutex{}
	j := &Judging{
		library: l, opt: opt, waivers: newWaiving(opt.Waivers), quoted: newExcerpts(), affected: newReach(), told: map[string]told{},
		rep: &report.Report{
			SchemaVersion: report.SchemaVersion,
			Tool:          report.Tool{Name: ToolName, Version: opt.ToolVersion, OPA: version.Version},
			Run: report.Run{
				Documents: []report.Document{},
				Policies:  report.Policies{Count: len(l.policies), Digest: l.digest},
				Params:    l.params,
				Profile:   l.profile,
				Require:   opt.Require,
			},
			Coverage: map[string]evidence.Coverage{},
			Rules:    l.rules(),
			Results:  []report.Result{},
		},
	}
	if opt.Many {
		j.fleet = fleet.NewJoin()
	}
	if opt.OnlyFindings {
		j.rep.Run.Kept = report.KeptFindings
	}
	if opt.Forecast > 0 {
		j.rep.Run.Forecast = opt.Forecast.String()
	}
	return j
}

// Close ends the watch over memory.
func (j *Judging) Close() { j.opt.memory.Close() }

// Judge judges one document. Several may be judged at once; what they gave is added
// in an order that does not hang on which was the first to be done.
func (j *Judging) Judge(ctx context.Context, in *Input) (*Judged, error) {
	room := memoryPerByte * in.size() // which may be let go of below
	j.allow(room)
	judged, failures := j.judge(ctx, []*Input{in}, j.opt.Jobs)
	if failures[0] != nil {
		j.allow(-room)
	}
	return judged[0], failures[0]
}

// together is how many of the first documents are judged side by side: small ones, whose
// policies are not worth handing from one goroutine to another. Several of them take a
// sixth less time by all cores than one after the other.
func together(inputs []Input) int {
	const most, bytes = 64, 4 << 20
	size := 0
	for i := range inputs {
		if size += inputs[i].size(); i > 0 && size > bytes || i == most {
			return i
		}
	}
	return len(inputs)
}

// judgeTogether judges documents side by side, and adds what they gave in their order.
func (j *Judging) judgeTogether(ctx context.Context, inputs []Input) error {
	jobs := j.opt.Jobs
	if len(inputs) > 1 {
		jobs = 1 // of each
	}
	// As many as share what a core has of a policy at hand, but some for each core.
	const most = 8
	size := min(most, (len(inputs)-1)/cmp.Or(j.opt.Jobs, runtime.GOMAXPROCS(0))+1)
	groups := slices.Collect(slices.Chunk(inputs, size))
	judged, failures := make([][]*Judged, len(groups)), make([][]error, len(groups))
	side(len(groups), j.opt.Jobs, func(i int) {
		ins := make([]*Input, len(groups[i]))
		for n := range groups[i] {
			ins[n] = &groups[i][n]
		}
		judged[i], failures[i] = j.judge(ctx, ins, jobs)
		if j.opt.LetGo {
			clear(groups[i])
		}
	})
	for i := range groups {
		for n, d := range judged[i] {
			if failures[i][n] != nil {
				return failures[i][n]
			}
			if _, err := j.add(d); err != nil {
				return err
			}
			judged[i][n] = nil
		}
	}
	return nil
}

// Add takes what a document gave into the report.
func (j *Judging) Add(d *Judged) error {
	kept, err := j.add(d)
	// A result is some KiB with its text.
	const perResult = 4 << 10
	j.allow(kept*perResult - memoryPerByte*d.size)
	return err
}

func (j *Judging) add(d *Judged) (kept int, err error) {
	rep, opt := j.rep, j.opt
	if d.document.At.After(rep.Run.At.Time) {
		rep.Run.At = d.document.At
	}
	j.waivers.expire(d.document.At.Time)
	known := map[string]string{}
	for _, list := range d.results {
		j.waivers.apply(list)
		if opt.Bare {
			continue
		}
		if err := j.quoted.add(list, d.value, known); err != nil {
			return 0, err
		}
	}
	d.value = readable{}
	if len(rep.Run.Documents) == 1 { // there may be hundreds
		rep.Results = slices.Grow(rep.Results, min(j.expected*len(rep.Results), maxRoom))
	}
	before := len(rep.Results)
	rep.Results = d.results.join(rep.Results)
	results := rep.Results[before:]
	for _, p := range d.passes {
		if n := p.len(); n > 0 {
			rep.Packed = append(rep.Packed, p.passes)
			kept += n
		}
	}
	if room := fleetTrustPaths - len(rep.TrustPaths); opt.OnlyFindings && len(d.paths) > room {
		d.paths = d.paths[:max(room, 0)]
	}
	rep.TrustPaths = append(rep.TrustPaths, d.paths...)
	changes := slices.DeleteFunc(d.foreseen.changes, func(c report.Change) bool { return j.waivers.covers(&c) })
	changes = append(changes, waiverChanges(results, d.document.At, opt.Forecast)...)
	if opt.Forecast > 0 {
		rep.Forecast = append(rep.Forecast, changes...)
	}
	rep.ForecastGaps = append(rep.ForecastGaps, d.foreseen.gaps...)
	if j.fleet != nil {
		j.fleet.Add(&d.document, d.facts, results)
	}
	if opt.OnlyFindings {
		results = j.findings(results)
		if rep.Results = rep.Results[:before+len(results)]; before == 0 { // the only ones, perhaps
			rep.Results = slices.Clone(rep.Results)
		}
	}
	maps.Copy(j.told, d.told)
	rep.Run.Documents = append(rep.Run.Documents, d.document)
	addCoverage(rep.Coverage, d.coverage)
	j.affected.add(d.pulls)
	return kept + len(results), nil
}

// findings are the results that are kept, in place of all; the others are counted.
func (j *Judging) findings(results []report.Result) []report.Result {
	return slices.DeleteFunc(results, func(r report.Result) bool {
		switch r.Verdict {
		case report.Pass:
			j.dropped.Pass++
		case report.Skip:
			j.dropped.Skip++
		default:
			return false
		}
		return true
	})
}

// Report ends the judging.
func (j *Judging) Report() *report.Report {
	rep := j.rep
	sortChanges(rep.Forecast)
	sortForecastGaps(rep.ForecastGaps)
	expired := j.waivers.findings()
	rep.Results = append(rep.Results, expired...)
	rep.Run.Waivers = j.waivers.count()
	if len(rep.Run.Documents) > 1 || len(expired) > 0 {
		sortResults(rep.Results)
	}
	rep.Summary = report.Count(rep.Results)
	for _, p := range rep.Packed {
		rep.Summary.Pass += p.Len()
	}
	rep.Summary.Add(j.dropped)
	rep.Affected = j.affected.sum()
	rep.Diagnosis = diagnose(rep.Results, j.library.policies, j.told)
	if j.fleet != nil {
		rep.Fleet = j.fleet.Section()
	}
	if !j.opt.Packed {
		rep.Expand()
	}
	return rep
}

// allow lets the process hold so many bytes more.
func (j *Judging) allow(bytes int) {
	if j.opt.Memory == 0 {
		j.opt.memory.Allow(int64(bytes))
	}
}

// coverageOf tells the gaps of one of several documents apart.
func coverageOf(coverage map[string]evidence.Coverage, cluster string) map[string]evidence.Coverage {
	out := make(map[string]evidence.Coverage, len(coverage))
	for name, c := range coverage {
		gaps := make([]evidence.Gap, 0, len(c.Gaps))
		for _, g := range c.Gaps {
			subject := evidence.Subject{"cluster": cluster}
			for key, value := range g.Subject {
				if key != "cluster" {
					subject[key] = value
				}
			}
			g.Subject = subject
			gaps = append(gaps, g)
		}
		c.Gaps = gaps
		out[name] = c
	}
	return out
}
