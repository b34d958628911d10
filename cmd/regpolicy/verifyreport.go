package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/source"
)

func newVerifyReport(e *environment) *cobra.Command {
	var policies policyFlags
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
			return runVerifyReport(c.Context(), e, &policies, args[0], args[1:])
		},
	}
	policies.bind(e, c.Flags())
	return c
}

func runVerifyReport(ctx context.Context, e *environment, policies *policyFlags, path string, documents []string) error {
	r, err := readReportFile(e, path)
	if err != nil {
		return err
	}
	in, err := source.Open(ctx, documents, e.stdin, source.DefaultLimits())
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read only
	inputs, err := saved(in)
	if err != nil {
		return err
	}
	if in.HasCapture || in.HasManifests || len(inputs) == 0 {
		return usage("name the documents that `collect -o FILE` or the run wrote", "verify-report takes evidence documents, not what they are made from")
	}
	policies.given, policies.profile = r.Run.Params, ""
	if len(policies.selected) == 0 {
		policies.selected = idsOf(r)
	}
	library, err := policies.load(ctx)
	if err != nil {
		return err
	}
	// Verdicts over other documents or by other policies would differ at length.
	differences := digestsDiffer(r, inputs)
	if len(differences) == 0 && library.Digest() != r.Run.Policies.Digest {
		differences = append(differences, fmt.Sprintf("the report was made by other policies: their digest is %s, that of those here %s", r.Run.Policies.Digest, library.Digest()))
	}
	if len(differences) > 0 {
		return tellDifferences(e, differences)
	}
	again, err := library.Judge(ctx, inputs, engine.Options{At: &r.Run.At.Time, Require: r.Run.Require, ToolVersion: toolVersion()})
	if err != nil {
		return err
	}
	if differences = verdictsDiffer(r, again); len(differences) > 0 {
		return tellDifferences(e, differences)
	}
	return deliver(e, "", fmt.Appendf(nil, "regpolicy verify-report: documents=%d policies=%d results=%d, all the same\n",
		len(inputs), len(library.Policies()), len(again.Results)))
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

// verdictsDiffer compares verdicts by policy and subject. A waiver changes none: it
// tells what it excused.
func verdictsDiffer(then, now *report.Report) []string {
	current := map[string]report.Verdict{}
	key := func(r *report.Result) string { return r.ID + " for " + r.Subject.String() }
	for i := range now.Results {
		current[key(&now.Results[i])] = now.Results[i].Verdict
	}
	var out []string
	for i := range then.Results {
		r := &then.Results[i]
		if slices.Contains(engine.OwnIDs, r.ID) && strings.HasPrefix(r.ID, "waiver") {
			continue
		}
		verdict := r.Verdict
		if r.Waiver != nil {
			verdict = r.Waiver.Verdict
		}
		got, ok := current[key(r)]
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("%s is %s in the report, and does not come out again", key(r), verdict))
		case got != verdict:
			out = append(out, fmt.Sprintf("%s is %s in the report, and comes out as %s", key(r), verdict, got))
		}
		delete(current, key(r))
	}
	for k, verdict := range current {
		out = append(out, fmt.Sprintf("%s comes out as %s, and is not in the report", k, verdict))
	}
	slices.Sort(out)
	return out
}
