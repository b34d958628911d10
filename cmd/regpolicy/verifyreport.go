package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/language"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/policies"
)

func newVerifyReport(e *environment) *cobra.Command {
	var pick policyFlags
	c := &cobra.Command{
		Use:   "verify-report REPORT DOCUMENT...",
		Short: "Hold a saved report against its evidence: digests match, verdicts come out the same",
		Long: "verify-report checks that a JSON report is about these very documents, and judges them again: the same policies,\n" +
			"parameters and moment must give the same verdicts. Policies that the report used besides the built-in ones are\n" +
			"named with --policy, as they were then.\n\nExit code: 0 all the same, 1 something differs, 2 wrong use.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("`eval -o json=FILE` writes reports, `collect -o FILE` documents", "verify-report takes a report and its documents, got %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return runVerifyReport(c.Context(), e, &pick, args[0], args[1:])
		},
	}
	pick.bind(e, c.Flags())
	return c
}

func runVerifyReport(ctx context.Context, e *environment, pick *policyFlags, path string, documents []string) error {
	r, err := readReportFile(ctx, e, path)
	if err != nil {
		return err
	}
	inputs, err := evidenceDocuments(ctx, e, documents)
	if err != nil {
		return err
	}
	pick.given, pick.profile = r.Run.Params, ""
	if len(pick.selected) == 0 {
		pick.selected = idsOf(r)
	}
	library, err := pick.load(ctx)
	if err != nil {
		return err
	}
	// Results over other documents or by other policies would differ at length.
	differences := digestsDiffer(r, inputs)
	if len(differences) == 0 && library.Digest() != r.Run.Policies.Digest {
		differences = append(differences, fmt.Sprintf("the report was made by other policies: their digest is %s, that of those here %s", r.Run.Policies.Digest, library.Digest()))
	}
	waived := 0
	if len(differences) == 0 {
		if differences, waived, err = judgeAgain(ctx, library, r, inputs); err != nil {
			return err
		}
	}
	if len(differences) > 0 {
		return tellDifferences(e, differences)
	}
	told := fmt.Sprintf("regpolicy verify-report: documents=%d policies=%d results=%d, all the same", len(inputs), len(library.Policies()), len(r.Results))
	if waived > 0 {
		told += fmt.Sprintf("; %d are waived, by waivers that are not checked", waived)
	}
	return deliver(e, "", []byte(told+"\n"))
}

func evidenceDocuments(ctx context.Context, e *environment, paths []string) ([]engine.Input, error) {
	in, err := source.Open(ctx, paths, e.stdin, source.DefaultLimits())
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // read only
	inputs, err := saved(in)
	if err == nil && (in.HasCapture || in.HasManifests || len(inputs) == 0) {
		err = usage("name the documents that `collect -o FILE` or the run wrote", "verify-report takes evidence documents, not what they are made from")
	}
	return inputs, err
}

// judgeAgain judges the documents as the report says it was done and holds the outcome
// against it, in English and in German.
func judgeAgain(ctx context.Context, library *engine.Library, r *report.Report, inputs []engine.Input) (differences []string, waived int, err error) {
	for i := range inputs {
		inputs[i].Document.At = judgedAs(r, &inputs[i])
	}
	inOrderOf(r, inputs)
	again, err := library.Judge(ctx, inputs, engine.Options{
		Require: r.Run.Require, ToolVersion: toolVersion(), Many: r.Fleet != nil, OnlyFindings: r.Run.Kept == report.KeptFindings,
	})
	if err != nil {
		return nil, 0, err
	}
	differences, waived, err = compareReports(r, again)
	if err == nil && len(differences) > 0 {
		return compareInGerman(r, again, differences, waived)
	}
	return differences, waived, err
}

// compareInGerman tries whether the report is the same in German; where it is not, what
// was found in English stands.
func compareInGerman(r, again *report.Report, english []string, waived int) ([]string, int, error) {
	catalogue, err := language.Open(policies.FS)
	if err != nil {
		return nil, 0, err
	}
	german, err := catalogue.Report(again)
	if err != nil {
		return nil, 0, err
	}
	differences, n, err := compareReports(r, german)
	if err != nil || len(differences) == 0 {
		return differences, n, err
	}
	return english, waived, nil
}

// inOrderOf puts documents in the report's order, and calls them as the report does.
func inOrderOf(r *report.Report, inputs []engine.Input) {
	at := map[string]int{}
	for i, d := range r.Run.Documents {
		at[d.SHA256] = i
	}
	place := func(in *engine.Input) int {
		sum := sha256.Sum256(in.Bytes)
		return at[hex.EncodeToString(sum[:])]
	}
	slices.SortStableFunc(inputs, func(a, b engine.Input) int { return place(&a) - place(&b) })
	for i := range inputs {
		inputs[i].Name = r.Run.Documents[place(&inputs[i])].Cluster
	}
}

// judgedAs is the moment that the report judged a document as of.
func judgedAs(r *report.Report, in *engine.Input) *evidence.Time {
	sum := sha256.Sum256(in.Bytes)
	for _, d := range r.Run.Documents {
		if d.SHA256 == hex.EncodeToString(sum[:]) {
			return &d.At
		}
	}
	return &r.Run.At
}

func tellDifferences(e *environment, differences []string) error {
	const most = 20
	for i, d := range differences {
		if i == most {
			e.complain(fmt.Sprintf("and %d more differences", len(differences)-most), "")
			break
		}
		e.complain(d, "")
	}
	return &exitError{code: exitFailed}
}

// idsOf are the policies that made the results of a report.
func idsOf(r *report.Report) []string {
	var out []string
	if r.Run.Kept == report.KeptFindings { // those that passed have no result
		for i := range r.Rules {
			out = append(out, r.Rules[i].ID)
		}
		return out
	}
	for i := range r.Results {
		if id := r.Results[i].ID; !slices.Contains(engine.OwnIDs, id) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func digestsDiffer(r *report.Report, inputs []engine.Input) []string {
	here := map[string]string{}
	for i := range inputs {
		sum := sha256.Sum256(inputs[i].Bytes)
		here[hex.EncodeToString(sum[:])] = inputs[i].URI
	}
	var out []string
	for _, d := range r.Run.Documents {
		if _, ok := here[d.SHA256]; !ok {
			out = append(out, fmt.Sprintf("the report is about a document %q with SHA-256 %s, which is not here", d.URI, d.SHA256))
		}
		delete(here, d.SHA256)
	}
	for sum, uri := range here {
		out = append(out, fmt.Sprintf("document %q with SHA-256 %s is not what the report is about", uri, sum))
	}
	slices.Sort(out)
	return out
}

// compareReports holds a report against the same made anew: every result in full, and
// all that is said of the whole. Waivers are not at hand: what they excused is compared
// as what it was, and one that had ended is a difference.
func compareReports(then, now *report.Report) (differences []string, waived int, err error) {
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
			return nil, 0, err
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
			return nil, 0, err
		}
		if !same {
			differences = append(differences, "the "+part.name+" of the report does not come out again")
		}
	}
	slices.Sort(differences)
	return differences, waived, nil
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

// described are a report's documents without the paths that they had.
func described(r *report.Report) []report.Document {
	out := slices.Clone(r.Run.Documents)
	for i := range out {
		out[i].URI = ""
	}
	slices.SortFunc(out, func(a, b report.Document) int { return strings.Compare(a.SHA256, b.SHA256) })
	return out
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
