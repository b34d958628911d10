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

// compare holds a report against the same made anew: every result in full, and
// all that is said of the whole. Waivers are not at hand: what they excused is compared
// as what it was, and one that had ended is a difference.
func compare(then, now *report.Report) (Outcome, error) {
	var differences []string
	old, waived, ended := unwaived(then)
	differences = append(differences, ended...)
	fresh, _, _ := unwaived(now)
	if len(old) != len(fresh) {
		differences = append(differences, fmt.Sprintf("the report has %d results, %d come out again", len(old), len(fresh)))
	}
	for key, result := range old {
		again, ok := fresh[key]
		if !ok {
			differences = append(differences, fmt.Sprintf("%s is %s in the report, and does not come out again", key, result.Verdict))
			continue
		}
		if result.Verdict != again.Verdict {
			differences = append(differences, fmt.Sprintf("%s is %s in the report, and comes out as %s", key, result.Verdict, again.Verdict))
			continue
		}
		same, err := equalJSON(result, again)
		if err != nil {
			return Outcome{}, err
		}
		if !same {
			differences = append(differences, fmt.Sprintf("%s is told in other words, with another severity or other evidence than comes out again", key))
		}
	}
	parts := []struct {
		name      string
		then, now any
	}{
		{"number of policies", then.Run.Policies.Count, now.Run.Policies.Count},
		{"coverage", then.Coverage, now.Coverage},
		{"list of who is affected", then.Affected, now.Affected},
		{"rules", then.Rules, now.Rules},
		{"picture of the trust paths", then.TrustPaths, now.TrustPaths},
		{"documents", described(then), described(now)},
		{"fleet", fleetOf(then), fleetOf(now)},
	}
	if waived == 0 { // what is excused is no cause
		parts = append(parts, struct {
			name      string
			then, now any
		}{"diagnosis", then.Diagnosis, now.Diagnosis})
	}
	for _, part := range parts {
		same, err := equalJSON(part.then, part.now)
		if err != nil {
			return Outcome{}, err
		}
		if !same {
			differences = append(differences, "the "+part.name+" of the report does not come out again")
		}
	}
	slices.Sort(differences)
	return Outcome{differences, waived}, nil
}

// unwaived are a report's results by policy and subject, as they would be without
// waivers, and without what depends on them and on a baseline.
func unwaived(r *report.Report) (results map[string]report.Result, waived int, ended []string) {
	results = map[string]report.Result{}
	for _, result := range r.Results {
		// Waivers and the list of the fleet are not at hand.
		if result.ID == engine.WaiverID || result.ID == engine.FleetID {
			continue
		}
		key := result.ID + " for " + result.Subject.String()
		if w := result.Waiver; w != nil && result.Verdict == report.Waived {
			waived++
			if day, err := time.Parse(time.DateOnly, w.Expires); err == nil && !r.Run.At.Before(day.AddDate(0, 0, 1)) {
				ended = append(ended, fmt.Sprintf("%s is waived by a waiver that had ended on %s", key, w.Expires))
			}
			result.Verdict = w.Verdict
		}
		result.Waiver, result.NextChange, result.Known, result.Location = nil, nil, false, nil
		results[key] = result
	}
	return results, waived, ended
}

// fleetOf is what documents alone say of a fleet, without the paths that they had and
// without verdicts, which waivers may have changed.
func fleetOf(r *report.Report) any {
	if r.Fleet == nil {
		return nil
	}
	clusters := slices.Clone(r.Fleet.Clusters)
	for i := range clusters {
		clusters[i].URI, clusters[i].Summary, clusters[i].Worst = "", report.Summary{}, ""
	}
	return []any{clusters, r.Fleet.Authorities, r.Fleet.Registries}
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
