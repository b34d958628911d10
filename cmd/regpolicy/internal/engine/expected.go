package engine

import (
	"fmt"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// FleetID is the id of the results on clusters that should have a document.
const FleetID = "fleet-document"

// Absence is a cluster of a fleet, or a file, of which nothing could be judged.
type Absence struct {
	Cluster string // empty where it is not known
	URI     string // of the file that could not be used, if there is one
	Reason  string // one of evidence.Reasons
	Detail  string
	Hint    string
}

// Present says that a cluster that was expected has a document.
func (j *Judging) Present(cluster string) {
	if j.opt.OnlyFindings {
		j.dropped.Pass++
		return
	}
	j.rep.Results = append(j.rep.Results, fleetResult(report.Pass, ofFleet(cluster), "", ""))
}

// Absent says that a document is missing. Nothing is known of the cluster, so that
// it is inconclusive and never passed over.
func (j *Judging) Absent(a Absence) {
	subject, message := ofFleet(a.Cluster), fmt.Sprintf("there is no document of cluster %q", a.Cluster)
	if a.Cluster == "" {
		subject = evidence.Subject{"kind": "document", "name": a.URI}
	}
	if a.URI != "" {
		message = fmt.Sprintf("the document %q cannot be used: %s", a.URI, a.Detail)
	}
	r := fleetResult(report.Inconclusive, subject, message, a.Hint)
	r.Missing = []report.Missing{{Pointer: "", Reason: a.Reason, Detail: a.Detail}}
	j.rep.Results = append(j.rep.Results, r)
}

func ofFleet(cluster string) evidence.Subject {
	return evidence.Subject{"kind": "cluster", "name": cluster, "cluster": cluster}
}

func fleetResult(v report.Verdict, subject evidence.Subject, message, cure string) report.Result {
	r := (&Policy{
		ID: FleetID, Package: "regpolicy.coverage", Severity: "high", Title: "Every cluster of the fleet has a document", RecommendedAction: cure,
	}).result(v, subject, message)
	r.Fingerprint = report.Fingerprint(r.ID, r.Subject.String())
	return r
}
