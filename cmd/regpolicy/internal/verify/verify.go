// Package verify holds a saved report against the same made anew from its documents.
package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/language"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/policies"
)

// Outcome is what became of a report.
type Outcome struct {
	// Differences are a line each; none is a report that can be believed.
	Differences []string
	// Waived is how many results are waived, by waivers that are not at hand.
	Waived int
}

// Report judges the documents as the report says that it was done, and holds the outcome
// against it, in English and in German.
func Report(ctx context.Context, library *engine.Library, toolVersion string, r *report.Report, inputs []engine.Input) (Outcome, error) {
	// Results over other documents or by other policies would differ at length.
	if differences := digestsDiffer(r, inputs); len(differences) > 0 {
		return Outcome{Differences: differences}, nil
	}
	if here := library.Digest(); here != r.Run.Policies.Digest {
		return Outcome{Differences: []string{fmt.Sprintf("the report was made by other policies: their digest is %s, that of those here %s", r.Run.Policies.Digest, here)}}, nil
	}
	for i := range inputs {
		inputs[i].Document.At = judgedAs(r, &inputs[i])
	}
	inOrderOf(r, inputs)
	again, err := library.Judge(ctx, inputs, engine.Options{
		Require: r.Run.Require, ToolVersion: toolVersion, Many: r.Fleet != nil, OnlyFindings: r.Run.Kept == report.KeptFindings,
	})
	if err != nil {
		return Outcome{}, err
	}
	english, err := compare(r, again)
	if err != nil || len(english.Differences) == 0 {
		return english, err
	}
	return compareInGerman(r, again, english)
}

// compareInGerman tries whether the report is the same in German; where it is not, what
// was found in English stands.
func compareInGerman(r, again *report.Report, english Outcome) (Outcome, error) {
	catalogue, err := language.Open(policies.FS)
	if err != nil {
		return Outcome{}, err
	}
	german, err := catalogue.Report(again)
	if err != nil {
		return Outcome{}, err
	}
	if out, err := compare(r, german); err != nil || len(out.Differences) == 0 {
		return out, err
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
