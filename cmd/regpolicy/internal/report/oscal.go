package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	oscal "github.com/defenseunicorns/go-oscal/src/types/oscal-1-1-3"
	"github.com/google/uuid"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// OSCAL writes assessment results: an observation per result that was judged, and a
// finding per control. It states what was observed and draws no conclusion about a
// system as a whole. Equal reports have equal UUIDs (version 5).
func OSCAL(w io.Writer, r *Report) error {
	whole := sha256.New()
	if err := JSON(whole, r); err != nil {
		return err
	}
	a := &assessment{r: r, root: uuid.NewSHA1(uuid.NameSpaceURL, whole.Sum(nil)), subjects: map[string]string{}, stands: placesOf(r), start: start(r)}
	model := oscal.OscalModels{AssessmentResults: a.results()}
	if err := writeIndented(w, model); err != nil {
		return fmt.Errorf("writing OSCAL assessment results: %w", err)
	}
	return nil
}

// assessment makes the parts of one document.
type assessment struct {
	r    *Report
	root uuid.UUID
	// subjects are the UUIDs of inventory items by subject.
	subjects map[string]string
	items    []oscal.InventoryItem
	stands   *places
	// start is when the first evidence was collected, which is never after the end.
	start time.Time
}

func (a *assessment) id(parts ...string) string {
	return uuid.NewSHA1(a.root, []byte(strings.Join(parts, "\x00"))).String()
}

func (a *assessment) results() *oscal.AssessmentResults {
	observations, byControl := a.observations()
	findings := a.findings(byControl)
	s := a.r.Summary
	result := oscal.Result{
		UUID: a.id("result"), Title: "Judgement by regpolicy",
		Description: fmt.Sprintf("Evidence judged as of %s by %s.", iso(a.r.Run.At), count(a.r.Run.Policies.Count, "policy", "policies")),
		Start:       a.start, ReviewedControls: a.reviewed(byControl),
		Remarks: fmt.Sprintf("pass=%d fail=%d warn=%d inconclusive=%d error=%d skip=%d waived=%d. The findings say what the evidence shows for the policies that ran; "+
			"they are no statement about the system as a whole.", s.Pass, s.Fail, s.Warn, s.Inconclusive, s.Error, s.Skip, s.Waived),
	}
	end := date(a.r.Run.At)
	result.End = &end
	if len(observations) > 0 {
		result.Observations = &observations
	}
	if len(findings) > 0 {
		result.Findings = &findings
	}
	if len(a.items) > 0 {
		result.LocalDefinitions = &oscal.LocalDefinitions{InventoryItems: &a.items}
	}
	resources := a.resources()
	tool := []oscal.Party{{UUID: a.id("party"), Type: "organization", Name: "regpolicy", Remarks: "The tool that judged; no organization stands behind this document by itself."}}
	return &oscal.AssessmentResults{
		UUID: a.id("assessment-results"),
		Metadata: oscal.Metadata{
			Title: "Container registry trust: assessment results", LastModified: end, OscalVersion: oscal.Version,
			Version: cmp.Or(line(a.r.Tool.Version), "0"), Parties: &tool,
		},
		ImportAp:   oscal.ImportAp{Href: "#" + a.id("no-plan"), Remarks: "No assessment plan exists; the resource says so."},
		Results:    []oscal.Result{result},
		BackMatter: &oscal.BackMatter{Resources: &resources},
	}
}

func start(r *Report) time.Time {
	at := date(r.Run.At)
	for _, d := range r.Run.Documents {
		if collected := date(d.CollectedAt); collected.Before(at) {
			at = collected
		}
	}
	return at
}

// date is a time that OSCAL can write, the epoch where there is none.
func date(t evidence.Time) time.Time {
	if year := t.UTC().Year(); year < 1900 || year > 2999 {
		return time.Unix(0, 0).UTC()
	}
	return t.UTC()
}

func (a *assessment) resources() []oscal.Resource {
	out := []oscal.Resource{{
		UUID: a.id("no-plan"), Title: "No assessment plan",
		Description: "These results were made without an assessment plan. OSCAL requires a reference to one; this resource stands in its place.",
	}}
	for i, d := range a.r.Run.Documents {
		resource := oscal.Resource{
			UUID: a.document(i), Title: line(cmp.Or(d.Cluster, d.URI, "evidence")),
			Description: "Evidence document, collected " + iso(d.CollectedAt) + ".",
		}
		link := oscal.ResourceLink{Href: fileURI(filePath(d.URI)), MediaType: "application/json"}
		if isDigest(d.SHA256) {
			link.Hashes = &[]oscal.Hash{{Algorithm: "SHA-256", Value: d.SHA256}}
		}
		resource.Rlinks = &[]oscal.ResourceLink{link}
		out = append(out, resource)
	}
	return append(out, oscal.Resource{
		UUID: a.id("policies"), Title: "Policies",
		Description: fmt.Sprintf("%s with the digest %s.", count(a.r.Run.Policies.Count, "policy", "policies"), line(cmp.Or(a.r.Run.Policies.Digest, "unknown"))),
	})
}

func (a *assessment) document(i int) string { return a.id("document", fmt.Sprint(i)) }

// observed is a result and the UUID of its observation.
type observed struct {
	res *Result
	id  string
}

// control names a control of a framework.
type control struct{ framework, id string }

func (a *assessment) observations() ([]oscal.Observation, map[control][]observed) {
	var out []oscal.Observation
	byControl := map[control][]observed{}
	for i := range a.r.Results {
		res := &a.r.Results[i]
		if res.Verdict == Skip {
			for framework, ids := range res.Controls {
				for _, id := range ids {
					c := control{framework, id}
					byControl[c] = append(byControl[c], observed{res: res})
				}
			}
			continue
		}
		o := a.observation(i, res)
		out = append(out, o)
		for framework, ids := range res.Controls {
			for _, id := range ids {
				c := control{framework, id}
				byControl[c] = append(byControl[c], observed{res, o.UUID})
			}
		}
	}
	return out, byControl
}

func (a *assessment) observation(i int, res *Result) oscal.Observation {
	props := []oscal.Property{{Name: "verdict", Ns: homepage, Value: string(res.Verdict)}}
	for _, p := range [][2]string{{"policy", res.ID}, {"severity", res.Severity}, {"fingerprint", res.Fingerprint}} {
		if value := line(p[1]); value != "" {
			props = append(props, oscal.Property{Name: p[0], Ns: homepage, Value: value})
		}
	}
	o := oscal.Observation{
		UUID: a.id("observation", fmt.Sprint(i), res.Fingerprint), Title: line(cmp.Or(res.Title, res.ID, "result")), Description: cmp.Or(said(res), "-"),
		Methods: []string{"TEST"}, Types: &[]string{"finding"}, Collected: a.start, Props: &props,
		Subjects: &[]oscal.SubjectReference{{SubjectUuid: a.subject(res), Type: "inventory-item", Title: line(cmp.Or(subjectText(res.Subject), "document"))}},
	}
	if n := a.stands.document(res); n >= 0 {
		o.Collected = date(a.r.Run.Documents[n].CollectedAt)
		found := oscal.RelevantEvidence{Href: "#" + a.document(n), Description: "The evidence document."}
		var where []oscal.Property
		for _, p := range pointers(res) {
			if p = line(p); p != "" {
				where = append(where, oscal.Property{Name: "pointer", Ns: homepage, Value: p})
			}
		}
		if len(where) > 0 {
			found.Props = &where
		}
		o.RelevantEvidence = &[]oscal.RelevantEvidence{found}
	}
	if res.Waiver != nil {
		o.Remarks = "Risk accepted: " + excuse(res.Waiver)
	}
	return o
}

// subject is the inventory item of a result's subject, made once.
func (a *assessment) subject(res *Result) string {
	key := subjectOf(res)
	if id, ok := a.subjects[key]; ok {
		return id
	}
	id := a.id("subject", key)
	a.subjects[key] = id
	a.items = append(a.items, oscal.InventoryItem{UUID: id, Description: key})
	return id
}

func controlsOf(byControl map[control][]observed) []control {
	return slices.SortedFunc(maps.Keys(byControl), func(x, y control) int {
		return cmp.Or(cmp.Compare(x.framework, y.framework), cmp.Compare(x.id, y.id))
	})
}

// reviewed names the controls, and those of which nothing could be looked at.
func (a *assessment) reviewed(byControl map[control][]observed) oscal.ReviewedControls {
	out := oscal.ReviewedControls{}
	var skipped []string
	var framework string
	var selected []oscal.AssessedControlsSelectControlById
	flush := func() {
		if len(selected) > 0 {
			controls := selected
			out.ControlSelections = append(out.ControlSelections, oscal.AssessedControls{Description: cmp.Or(line(framework), "-"), IncludeControls: &controls})
		}
		selected = nil
	}
	for _, c := range controlsOf(byControl) {
		if c.framework != framework {
			flush()
			framework = c.framework
		}
		if !slices.ContainsFunc(byControl[c], func(o observed) bool { return o.id != "" }) {
			skipped = append(skipped, c.token())
			continue
		}
		selected = append(selected, oscal.AssessedControlsSelectControlById{ControlId: c.token()})
	}
	flush()
	if len(out.ControlSelections) == 0 {
		out.ControlSelections = []oscal.AssessedControls{{Description: "No control was looked at."}}
	}
	if len(skipped) > 0 {
		out.Remarks = "Every policy of these controls was skipped, so they have no finding: " + strings.Join(skipped, ", ") + "."
	}
	return out
}

func (a *assessment) findings(byControl map[control][]observed) []oscal.Finding {
	var out []oscal.Finding
	for _, c := range controlsOf(byControl) {
		var related []oscal.RelatedObservation
		verdict := map[Verdict]int{}
		for _, o := range byControl[c] {
			if o.id != "" {
				verdict[o.res.Verdict]++
				related = append(related, oscal.RelatedObservation{ObservationUuid: o.id})
			}
		}
		if len(related) == verdict[Warn] {
			continue // a warning is an observation and no more
		}
		out = append(out, oscal.Finding{
			UUID: a.id("finding", c.framework, c.id), Title: line(c.framework + " " + c.id),
			Description: fmt.Sprintf("What %s of policies that bear on %s %s show.", count(len(related), "result", "results"), line(c.framework), line(c.id)),
			Target: oscal.FindingTarget{
				Type: "objective-id", TargetId: c.token(), Status: objective(verdict),
			},
			RelatedObservations: &related,
		})
	}
	return out
}

// objective is the state that a control's results give it: satisfied only where
// everything was seen and nothing was denied.
func objective(verdict map[Verdict]int) oscal.ObjectiveStatus {
	open := verdict[Inconclusive] + verdict[Error]
	switch {
	case verdict[Fail] > 0:
		return oscal.ObjectiveStatus{State: "not-satisfied", Reason: "fail", Remarks: count(verdict[Fail], "result fails.", "results fail.")}
	case open > 0:
		return oscal.ObjectiveStatus{State: "not-satisfied", Reason: "other", Remarks: count(open, "result", "results") + " could not be settled, for want of evidence or because a policy failed to run."}
	case verdict[Waived] > 0:
		return oscal.ObjectiveStatus{State: "not-satisfied", Reason: "other", Remarks: "Risk accepted by waiver: " + count(verdict[Waived], "result.", "results.")}
	default:
		return oscal.ObjectiveStatus{State: "satisfied", Reason: "pass"}
	}
}

// token is the control's id as OSCAL allows it, the framework before it.
func (c control) token() string { return token(c.framework + "_" + c.id) }

func token(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, plain(s))
	if s == "" || !unicode.IsLetter([]rune(s)[0]) && s[0] != '_' {
		s = "_" + s
	}
	return s
}

func isDigest(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
