// Package verify holds a saved report against the same made anew from its documents.
package verify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/language"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/policies"
)

// Outcome is what became of a report.
type Outcome struct {
	// Differences are a line each; none is a report that can be believed.
	Differences []string
	// Notes say what is no difference, and was not held against anything.
	Notes []string
}

// Report judges the documents as the report says that it was done, and holds the outcome
// against it, in English and in German.
func Report(ctx context.Context, library *engine.Library, toolVersion string, r *report.Report, inputs []engine.Input) (Outcome, error) {
	here := report.Tool{Name: engine.ToolName, Version: toolVersion, OPA: engine.OPAVersion()}
	out := Outcome{Notes: notes(r, here), Differences: digestsDiffer(r, inputs)}
	// Results over other documents or by other policies would differ at length.
	if digest := library.Digest(); len(out.Differences) == 0 && digest != r.Run.Policies.Digest {
		out.Differences = []string{fmt.Sprintf("the report was made by other policies: their digest is %s, that of those here %s", r.Run.Policies.Digest, digest)}
	}
	ahead, err := lookedAhead(r)
	if err != nil {
		out.Differences = append(out.Differences, err.Error())
	}
	if len(out.Differences) > 0 {
		return out, nil
	}
	for i := range inputs {
		inputs[i].Document.At = judgedAs(r, &inputs[i])
	}
	inOrderOf(r, inputs)
	again, err := library.Judge(ctx, inputs, engine.Options{
		Require: r.Run.Require, ToolVersion: toolVersion, Many: r.Fleet != nil, OnlyFindings: r.Run.Kept == report.KeptFindings, Forecast: ahead,
	})
	if err != nil {
		return out, err
	}
	if out.Differences, err = compare(r, again); err == nil && len(out.Differences) > 0 {
		out.Differences, err = compareInGerman(r, again, out.Differences)
	}
	return out, err
}

// lookedAhead is how far the report says that it looked ahead.
func lookedAhead(r *report.Report) (time.Duration, error) {
	if r.Run.Forecast == "" {
		return 0, nil
	}
	ahead, err := time.ParseDuration(r.Run.Forecast)
	if err != nil || ahead <= 0 {
		return 0, fmt.Errorf("the report says that it looked %.40q ahead, which is no time", r.Run.Forecast)
	}
	return ahead, nil
}

// notes are what an auditor should know beside the differences. Another version may judge
// the same documents alike; where it does not, that may be why.
func notes(r *report.Report, here report.Tool) []string {
	var out []string
	if r.Tool != here && r.Tool.Name == here.Name {
		out = append(out, fmt.Sprintf("it was made by version %s with OPA %s, and judged again by %s with OPA %s", r.Tool.Version, r.Tool.OPA, here.Version, here.OPA))
	}
	waived, known := 0, 0
	for i := range r.Results {
		if r.Results[i].Verdict == report.Waived {
			waived++
		}
		if r.Results[i].Known {
			known++
		}
	}
	if waived > 0 {
		out = append(out, fmt.Sprintf("%d are waived, by waivers that are not checked", waived))
	}
	if known > 0 {
		out = append(out, fmt.Sprintf("%d are known, from a baseline that is not checked", known))
	}
	return out
}

// compareInGerman tries whether the report is the same in German; where it is not, what
// was found in English stands.
func compareInGerman(r, again *report.Report, english []string) ([]string, error) {
	catalogue, err := language.Open(policies.FS)
	if err != nil {
		return nil, err
	}
	german, err := catalogue.Report(again)
	if err != nil {
		return nil, err
	}
	if differences, err := compare(r, german); err != nil || len(differences) == 0 {
		return differences, err
	}
	return english, nil
}

// IDs are the policies that made the results of a report.
func IDs(r *report.Report) []string {
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
