package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// compare holds a report against the same made anew: every result in full, and all that
// is said of the whole. Waivers are not at hand: what they excused is compared as what it
// was, and one that had ended is a difference.
func compare(then, now *report.Report) ([]string, error) {
	gaps := gapsOf(then, now)
	old, fresh := unwaived(then, gaps), unwaived(now, gaps)
	differences := waiversDiffer(then)
	if len(old) != len(fresh) {
		differences = append(differences, fmt.Sprintf("the report has %d results, %d come out again", len(old), len(fresh)))
	}
	for key, result := range old {
		again, ok := fresh[key]
		if !ok {
			differences = append(differences, fmt.Sprintf("%s is %s in the report, and does not come out again", key, result.Verdict))
			continue
		}
		difference, err := result.differs(again)
		if err != nil {
			return nil, err
		}
		if difference != "" {
			differences = append(differences, key+" "+difference)
		}
	}
	for _, part := range partsOf(then, now, gaps) {
		same, err := equalJSON(part.then, part.now)
		if err != nil {
			return nil, err
		}
		if !same {
			differences = append(differences, "the "+part.name+" of the report does not come out again")
		}
	}
	slices.Sort(differences)
	return differences, nil
}

// gapsOf are the policies of which one of the reports could not tell all that is to come:
// that depends on time and memory, too.
func gapsOf(reports ...*report.Report) map[string]bool {
	out := map[string]bool{}
	for _, r := range reports {
		for i := range r.ForecastGaps {
			out[r.ForecastGaps[i].ID] = true
		}
	}
	return out
}

// held is a result as it would be without a waiver and a baseline.
type held struct {
	report.Result
	waiver *report.Waiver
}

// unwaived are a report's results by policy and subject.
func unwaived(r *report.Report, gaps map[string]bool) map[string]held {
	results := map[string]held{}
	for _, result := range r.Results {
		// Waivers and the list of the fleet are not at hand.
		if result.ID == engine.WaiverID || result.ID == engine.FleetID {
			continue
		}
		h := held{Result: result, waiver: result.Waiver}
		if h.waiver != nil {
			h.Verdict = h.waiver.Verdict
		}
		if gaps[h.ID] {
			h.NextChange = nil
		}
		h.Waiver, h.Known = nil, false
		results[keyOf(&result)] = h
	}
	return results
}

func keyOf(r *report.Result) string { return r.ID + " for " + r.Subject.String() }

// differs says in what a result differs from the one that comes out again, "" for nothing.
func (h held) differs(again held) (string, error) {
	if h.waiver != nil {
		again.NextChange = engine.NextUnder(h.waiver, again.NextChange)
	}
	switch {
	case h.Verdict != again.Verdict:
		return fmt.Sprintf("is %s in the report, and comes out as %s", h.Verdict, again.Verdict), nil
	case placed(h.Location) != placed(again.Location):
		return fmt.Sprintf("stands %s in the report, and comes out %s", placed(h.Location), placed(again.Location)), nil
	case changing(h.NextChange) != changing(again.NextChange):
		return fmt.Sprintf("%s in the report, and %s as it comes out", changing(h.NextChange), changing(again.NextChange)), nil
	}
	same, err := equalJSON(h.Result, again.Result)
	if err != nil || same {
		return "", err
	}
	return "is told in other words, with another severity or other evidence than comes out again", nil
}

func placed(at *report.Location) string {
	if at == nil {
		return "in no file"
	}
	return fmt.Sprintf("at %q, line %d, column %d", at.File, at.Line, at.Column)
}

func changing(next *report.NextChange) string {
	if next == nil {
		return "changes at no date"
	}
	return fmt.Sprintf("becomes %s at %s", next.Becomes, next.At.Format(time.RFC3339))
}

// part is something that a report says of the whole.
type part struct {
	name      string
	then, now any
}

func partsOf(then, now *report.Report, gaps map[string]bool) []part {
	parts := []part{
		{"name of the tool", then.Tool.Name, now.Tool.Name},
		{"moment", then.Run.At, now.Run.At},
		{"set of parameters", then.Run.Params, now.Run.Params},
		{"number of policies", then.Run.Policies.Count, now.Run.Policies.Count},
		{"coverage", then.Coverage, now.Coverage},
		{"list of who is affected", then.Affected, now.Affected},
		{"list of rules", then.Rules, now.Rules},
		{"picture of the trust paths", then.TrustPaths, now.TrustPaths},
		{"list of documents", described(then), described(now)},
		{"fleet", fleetOf(then), fleetOf(now)},
	}
	w := then.Run.Waivers
	if w.Used+w.Expired == 0 { // what is excused is no cause
		parts = append(parts, part{"diagnosis", then.Diagnosis, now.Diagnosis})
	}
	if w.Used+w.Expired+w.Unused == 0 { // a waiver may excuse what is to come
		parts = append(parts, part{"forecast", foreseen(then, gaps), foreseen(now, gaps)})
	}
	return parts
}

// foreseen are the changes to come but for the policies of which not all is known.
func foreseen(r *report.Report, gaps map[string]bool) []report.Change {
	return slices.DeleteFunc(slices.Clone(r.Forecast), func(c report.Change) bool { return gaps[c.ID] })
}

// fleetOf is what documents alone say of a fleet, without the paths that they had and
// without verdicts that waivers may have changed. Where a report keeps findings only, what
// passed or was skipped is nowhere but in its counts.
func fleetOf(r *report.Report) any {
	if r.Fleet == nil {
		return nil
	}
	clusters := slices.Clone(r.Fleet.Clusters)
	for i := range clusters {
		clusters[i].URI, clusters[i].Summary, clusters[i].Worst = "", report.Summary{}, ""
	}
	passes := map[string][2]int{}
	for _, p := range r.Fleet.Policies {
		if !slices.Contains(engine.OwnIDs, p.ID) {
			passes[p.ID] = [2]int{p.Summary.Pass, p.Summary.Skip}
		}
	}
	return []any{clusters, r.Fleet.Authorities, r.Fleet.Registries, passes}
}

func equalJSON(a, b any) (bool, error) {
	x, err := json.Marshal(a)
	if err != nil {
		return false, fmt.Errorf("comparing reports: %w", err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		return false, fmt.Errorf("comparing reports: %w", err)
	}
	return bytes.Equal(x, y), nil
}
