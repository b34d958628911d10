package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/settings"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// mostTold is how many lines of one kind are written to stderr.
const mostTold = 20

// tellProblems names the files that could not be used, with their cures; the
// report has them as gaps.
func tellProblems(e *environment, problems []source.Problem) {
	for i, p := range problems {
		if i == mostTold {
			fmt.Fprintf(e.stderr, "warning: %d more files could not be used\n", len(problems)-mostTold)
			return
		}
		place := fmt.Sprintf("reading %q", p.Path)
		if p.Line > 0 {
			place += fmt.Sprintf(": line %d", p.Line)
		}
		fmt.Fprintf(e.stderr, "warning: %s\n", oneLine(place+": "+evidence.Scrub(p.Detail)))
		if p.Hint != "" {
			fmt.Fprintf(e.stderr, "hint: %s\n", oneLine(p.Hint))
		}
	}
}

// tellNotices says what was decided about the sources.
func tellNotices(e *environment, notices []string) {
	for i, notice := range notices {
		if i == mostTold {
			fmt.Fprintf(e.stderr, "note: %d more of these\n", len(notices)-mostTold)
			return
		}
		fmt.Fprintf(e.stderr, "note: %s\n", oneLine(evidence.Scrub(notice)))
	}
}

// mostGapsTold is how many of them are told with their cures: where one policy runs out
// of time most do.
const mostGapsTold = 3

// tellForecastGaps names the first policies that fail as of a date to come; the report
// has them all.
func tellForecastGaps(e *environment, r *report.Report) {
	told := ""
	for i := range r.ForecastGaps {
		if i == mostGapsTold {
			fmt.Fprintf(e.stderr, "warning: %d more forecasts are incomplete: forecast_gaps of the JSON report has all\n", len(r.ForecastGaps)-mostGapsTold)
			return
		}
		g := &r.ForecastGaps[i]
		hint := "mend the policy, or leave it out with --exclude " + g.ID
		if strings.Contains(g.Reason, "took longer than") {
			hint = "--timeout gives all judging more time; --select judges fewer policies"
		}
		if hint == told {
			hint = ""
		} else {
			told = hint
		}
		e.warn(fmt.Sprintf("looking ahead: the forecast of %s is incomplete from %s on: %s", g.Of(), g.From.Format(time.RFC3339), g.Reason), hint)
	}
}

// tellTimes names the sources that do not say when they were made.
func tellTimes(e *environment, doc *evidence.Document) {
	how := map[string]string{
		evidence.TimeFromName:    "by its name, whose time zone is not known",
		evidence.TimeFromFiles:   "by the times of its files",
		evidence.TimeFromObjects: "by its newest heartbeat or event",
	}
	for _, id := range slices.Sorted(maps.Keys(doc.Sources)) {
		if s := doc.Sources[id]; s.CollectedAt != nil && how[s.CollectedAtFrom] != "" {
			fmt.Fprintf(e.stderr, "note: %q does not say when it was made: %s that was %s; --at judges as of another time\n",
				s.URI, how[s.CollectedAtFrom], s.CollectedAt.Format(time.RFC3339))
		}
	}
}

// checkNarrowing refuses flags that would narrow a source if they had any effect on
// it: with them one would take a verdict on all for one on a part.
func (f *sourceFlags) checkNarrowing(in *source.Input) error {
	if f.overrides.Context.Namespace != "" && !f.namesCluster() {
		return usage("leave it out, or name the live cluster with --context; `kubectl get -n` and the tool that made a bundle narrow what they save",
			"--namespace narrows a live cluster, and none is read: files are judged whole")
	}
	if len(in.Documents) == 0 {
		return nil
	}
	document := in.Documents[0].Name
	switch {
	case f.publishes:
		return usage("leave the document out, or --publish", "--publish writes what was found in the live cluster into it, and the saved document %q may be of another", document)
	case f.overrides.Context.Namespace != "":
		return usage("evaluate the document in a run of its own", "--namespace has no effect on the saved document %q, which is judged whole", document)
	case f.probe && settings.IsGiven(f.flags.Lookup("probe")) && !in.HasCapture && !in.HasManifests && !f.asksForMore():
		return usage("name the registries with --registry", "--probe has no effect: the saved document %q holds what was met when it was made", document)
	case f.cluster != "":
		return usage("leave it out, or give it to `regpolicy collect` when the document is made",
			"--cluster has no effect on the saved document %q, which is judged whole", document)
	}
	return nil
}

// checkCluster refuses a --cluster that nothing is known of: with its name misspelt
// there would be no trust to judge, and all would look well. Where something could
// not be read it may be there.
func checkCluster(f *sourceFlags, doc *evidence.Document) error {
	if f.cluster == "" || len(doc.Coverage[evidence.Trust].Gaps) > 0 {
		return nil
	}
	for key := range doc.Clusters {
		if strings.HasSuffix(key, "/"+f.cluster) {
			return nil
		}
	}
	return usage("name it as the Cluster or TanzuKubernetesCluster is called", "--cluster %q: the sources hold no cluster of that name", f.cluster)
}
