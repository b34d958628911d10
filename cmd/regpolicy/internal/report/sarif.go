package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

// sarifSchema is where the standard's schema stands.
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// SARIF writes SARIF 2.1.0 for CI: what somebody has to look at, and what is waived.
// Viewers have made alerts of passes, so these are left out.
func SARIF(w io.Writer, r *Report) error { return writeSARIF(w, r, false) }

// SARIFFull writes SARIF 2.1.0 for auditors: every result, passes included.
func SARIFFull(w io.Writer, r *Report) error { return writeSARIF(w, r, true) }

func writeSARIF(w io.Writer, r *Report, full bool) error {
	run := sarif.NewRunWithInformationURI("regpolicy", homepage)
	run.Tool.Driver.WithVersion(plain(r.Tool.Version))
	run.WithColumnKind("unicodeCodePoints")
	rules := allRules(r)
	at := map[string]int{}
	for i := range rules {
		at[rules[i].ID] = i
		run.Tool.Driver.AddRule(sarifRule(&rules[i]))
	}
	run.WithArtifacts(sarifArtifacts(r))
	stands := placesOf(r)
	invocation := sarif.NewInvocation().WithExecutionSuccessful(r.Summary.Error == 0)
	for i := range r.Results {
		res := &r.Results[i]
		switch {
		case res.Verdict == Error:
			invocation.AddToolExecutionNotification(sarifNotification(res, at[res.ID]))
		case full || (res.Verdict != Pass && res.Verdict != Skip):
			run.AddResult(sarifResult(stands, res, at[res.ID], full))
		}
	}
	run.AddInvocation(invocation)
	run.WithAutomationDetails(sarif.NewRunAutomationDetails().WithID("regpolicy/"))
	summary := sarif.NewPropertyBag().Add("at", iso(r.Run.At)).Add("policiesDigest", plain(r.Run.Policies.Digest))
	for v, n := range counts(r.Summary) {
		summary.Add("count."+string(v), n)
	}
	run.WithProperties(summary)
	report := sarif.NewReport().AddRun(run)
	report.Schema = sarifSchema
	if err := writeIndented(w, report); err != nil {
		return fmt.Errorf("writing SARIF report: %w", err)
	}
	return nil
}

// webLink is a URI (RFC 3986) that a viewer may offer to follow.
var webLink = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?(/([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?(\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?(#([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$`)

func sarifArtifacts(r *Report) []*sarif.Artifact {
	var artifacts []*sarif.Artifact
	seen := map[string]bool{}
	for _, d := range r.Run.Documents {
		uri := fileURI(filePath(d.URI))
		if seen[uri+d.SHA256] {
			continue
		}
		seen[uri+d.SHA256] = true
		artifacts = append(artifacts, sarif.NewArtifact().
			WithLocation(sarif.NewSimpleArtifactLocation(uri)).
			WithHashes(map[string]string{"sha-256": plain(d.SHA256)}))
	}
	return artifacts
}

func sarifRule(rule *Rule) *sarif.ReportingDescriptor {
	title := cmp.Or(line(rule.Title), line(rule.ID))
	description := cmp.Or(strings.TrimSpace(plain(rule.Description)), title)
	text, markdown := description, escapeMarkdown(description)
	if rule.Remediation != "" {
		text += "\n\nRepair: " + plain(rule.Remediation)
		markdown += "\n\n**Repair**\n\n" + repairMarkdown(rule.Remediation)
	}
	tags := []string{"security"}
	for _, tag := range rule.tags() {
		const most = 20 // that GitHub takes
		if tag = Visible(tag); len(tags) < most && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	properties := sarif.NewPropertyBag().WithTags(tags).
		Add("security-severity", securitySeverity(rule.Severity)).
		Add("precision", "very-high").
		Add("severity", plain(rule.Severity))
	for _, framework := range slices.Sorted(maps.Keys(rule.Controls)) {
		properties.Add("control."+Visible(framework), Visible(strings.Join(rule.Controls[framework], " ")))
	}
	out := sarif.NewRule(plain(rule.ID)).
		WithName(Visible(rule.Policy)).
		WithShortDescription(sarif.NewMultiformatMessageString().WithText(title)).
		WithFullDescription(sarif.NewMultiformatMessageString().WithText(description)).
		WithHelp(sarif.NewMultiformatMessageString().WithText(text).WithMarkdown(markdown)).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithEnabled(true).WithLevel(failLevel(rule.Severity))).
		WithProperties(properties)
	for _, link := range rule.Related {
		if webLink.MatchString(link) {
			out.WithHelpURI(link)
			break
		}
	}
	return out
}

func sarifResult(stands *places, res *Result, index int, full bool) *sarif.Result {
	kind, level := sarifKind(res, full)
	file, line, column := stands.of(res)
	region := sarif.NewRegion().WithStartLine(line)
	if column > 0 {
		region.WithStartColumn(column)
	}
	properties := sarif.NewPropertyBag().
		Add("verdict", string(res.Verdict)).
		Add("severity", plain(res.Severity)).
		Add("subject", subjectOf(res)).
		Add("evidence", pointers(res))
	if res.Remediation != "" {
		properties.Add("remediation", plain(res.Remediation))
	}
	return sarif.NewRuleResult(plain(res.ID)).
		WithRuleIndex(index).
		WithKind(kind).
		WithLevel(level).
		WithMessage(sarif.NewTextMessage(said(res))).
		WithPartialFingerprints(map[string]string{
			"regpolicy/v1": plain(res.Fingerprint),
			// The one that GitHub compares.
			"primaryLocationLineHash": plain(res.Fingerprint) + ":1",
		}).
		WithLocations([]*sarif.Location{
			sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
				WithArtifactLocation(sarif.NewSimpleArtifactLocation(fileURI(file))).WithRegion(region)).
				WithLogicalLocations([]*sarif.LogicalLocation{
					sarif.NewLogicalLocation().WithFullyQualifiedName(subjectOf(res)).WithKind("resource"),
				}),
		}).
		WithSuppressions(suppressions(res)).
		WithProperties(properties)
}

// sarifKind is the kind and level of a result. The standard wants level none
// wherever the kind is not fail.
func sarifKind(res *Result, full bool) (kind, level string) {
	verdict := res.Verdict
	if res.Waiver != nil {
		verdict = res.Waiver.Verdict
	}
	switch verdict {
	case Pass:
		return "pass", "none"
	case Skip:
		return "notApplicable", "none"
	case Warn:
		return "fail", "warning"
	case Inconclusive:
		if full {
			return "open", "none"
		}
		return "fail", "warning"
	default:
		return "fail", failLevel(res.Severity)
	}
}

func failLevel(severity string) string {
	if severity == "critical" || severity == "high" {
		return "error"
	}
	return "warning"
}

// securitySeverity is the number by which GitHub orders alerts.
func securitySeverity(severity string) string {
	switch severity {
	case "critical":
		return "9.5"
	case "high":
		return "8.0"
	case "medium":
		return "5.5"
	case "low":
		return "3.0"
	default:
		return "0.0"
	}
}

func suppressions(res *Result) []*sarif.Suppression {
	if res.Waiver == nil {
		return nil
	}
	return []*sarif.Suppression{sarif.NewSuppression().WithKind("external").WithStatus("accepted").WithJustification(excuse(res.Waiver))}
}

func sarifNotification(res *Result, index int) *sarif.Notification {
	return sarif.NewNotification().WithLevel("error").WithMessage(sarif.NewTextMessage(said(res))).
		WithAssociatedRule(sarif.NewReportingDescriptorReference().WithID(plain(res.ID)).WithIndex(index)).
		WithProperties(sarif.NewPropertyBag().Add("verdict", string(res.Verdict)).Add("subject", subjectOf(res)))
}
