// Package report defines the report regpolicy.report/v1 and prints it. It judges
// nothing: every format is a rendering of the one structure here.
package report

import "github.com/regpolicy/regpolicy/collectors/evidence"

// SchemaVersion names the shape of Report.
const SchemaVersion = "regpolicy.report/v1"

// Report is the outcome of one run. Equal inputs give equal reports.
type Report struct {
	SchemaVersion string `json:"schema_version"`
	Tool          Tool   `json:"tool"`
	Run           Run    `json:"run"`
	// Affected is who cannot pull, from where.
	Affected Affected `json:"affected"`
	// Diagnosis names the causes behind the failures, the first to repair first.
	Diagnosis []Diagnosis `json:"diagnosis"`
	// TrustPaths are the chains of the registries that results are about, from the
	// registry to what nodes hold.
	TrustPaths []TrustPath                  `json:"trust_paths,omitempty"`
	Summary    Summary                      `json:"summary"`
	Coverage   map[string]evidence.Coverage `json:"coverage"`
	// Rules are the policies that ran, by id, whatever became of them.
	Rules   []Rule   `json:"rules,omitempty"`
	Results []Result `json:"results"`
	// Packed are passes that Results leaves out, by policy in the order of their ids.
	Packed []*Packed `json:"-"`
	// Forecast lists the verdicts that will change within the time that --forecast
	// names, the next first.
	Forecast []Change `json:"forecast,omitempty"`
	// ForecastGaps are the policies of which dates to come are not known in full, here
	// and in the results' next_change: they were cut short, or fail, looking ahead.
	ForecastGaps []ForecastGap `json:"forecast_gaps,omitempty"`
	// Fleet is what a run over several documents says of their clusters together.
	Fleet *Fleet `json:"fleet,omitempty"`
}

// Tool is what judged.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	OPA     string `json:"opa"`
}

// Run says what was judged, by what, as of when.
type Run struct {
	At        evidence.Time             `json:"at"`
	Documents []Document                `json:"documents"`
	Policies  Policies                  `json:"policies"`
	Params    map[string]map[string]any `json:"params"`
	// Profile is the set of parameters that --profile picked.
	Profile string `json:"profile,omitempty"`
	// Require are the kinds of evidence that --require named.
	Require []string `json:"require,omitempty"`
	// Baseline is what was compared with, where --baseline named a report.
	Baseline *Baseline `json:"baseline,omitempty"`
	Waivers  Waivers   `json:"waivers"`
	// Kept is "findings" where results leave out what passed or was skipped, which
	// then is only counted: in the summary, and by policy in the fleet section.
	Kept string `json:"kept,omitempty"`
	// Forecast is how far --forecast looked ahead, "8760h0m0s" for a year.
	Forecast string `json:"forecast,omitempty"`
}

// KeptFindings is a value of Run.Kept.
const KeptFindings = "findings"

// Baseline is an older report and what became of its failures.
type Baseline struct {
	URI           string `json:"uri"`
	New           int    `json:"new"`
	Fixed         int    `json:"fixed"`
	Unchanged     int    `json:"unchanged"`
	NotComparable int    `json:"not_comparable"`
}

// Document is one evidence document that was judged.
type Document struct {
	URI         string        `json:"uri"`
	SHA256      string        `json:"sha256"`
	CollectedAt evidence.Time `json:"collected_at"`
	Cluster     string        `json:"cluster"`
	// At is the moment that this document was judged as of.
	At evidence.Time `json:"at"`
}

// Policies counts the policies that ran; Digest is over their sources.
type Policies struct {
	Count  int    `json:"count"`
	Digest string `json:"digest"`
}

// Waivers counts the waivers by what became of them.
type Waivers struct {
	Used    int `json:"used"`
	Unused  int `json:"unused"`
	Expired int `json:"expired"`
	// UnusedNames says which are unused: policy, subject and where they stand.
	UnusedNames []string `json:"unused_names,omitempty"`
}

// Summary counts the results by verdict, and the failures by severity.
type Summary struct {
	Pass         int            `json:"pass"`
	Fail         int            `json:"fail"`
	Warn         int            `json:"warn"`
	Inconclusive int            `json:"inconclusive"`
	Error        int            `json:"error"`
	Skip         int            `json:"skip"`
	Waived       int            `json:"waived"`
	BySeverity   map[string]int `json:"by_severity"`
}

// Verdict is what became of one policy for one subject.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Warn         Verdict = "warn"
	Inconclusive Verdict = "inconclusive" // asked, tried, not obtained
	Error        Verdict = "error"        // the policy itself failed
	Skip         Verdict = "skip"         // nothing to look at, or not asked for
	Waived       Verdict = "waived"
)

// Severities lists the severities, the mildest first.
var Severities = []string{"info", "low", "medium", "high", "critical"}

// Rule is what a policy's METADATA says of it.
type Rule struct {
	ID          string              `json:"id"`
	Policy      string              `json:"policy"` // the Rego package without "data."
	Title       string              `json:"title"`
	Description string              `json:"description"`
	Severity    string              `json:"severity"`
	Remediation string              `json:"remediation"`
	Tags        []string            `json:"tags"`
	Controls    map[string][]string `json:"controls"`
	// Related are links to read on.
	Related []string `json:"related"`
}

// Result is the verdict of one policy on one subject.
type Result struct {
	ID          string           `json:"id"`
	Policy      string           `json:"policy"` // the Rego package without "data."
	Verdict     Verdict          `json:"verdict"`
	Severity    string           `json:"severity"`
	Title       string           `json:"title"`
	Message     string           `json:"message"`
	Subject     evidence.Subject `json:"subject"`
	TrustDomain string           `json:"trust_domain"`
	// Location is where the manifest that is wrong stands, if it came from a file.
	Location    *Location           `json:"location,omitempty"`
	Evidence    []Pointer           `json:"evidence"`
	Missing     []Missing           `json:"missing"`
	Remediation string              `json:"remediation"`
	Controls    map[string][]string `json:"controls"`
	Fingerprint string              `json:"fingerprint"`
	Waiver      *Waiver             `json:"waiver"`
	NextChange  *NextChange         `json:"next_change"`
	// Known tells that the failure was in the baseline already.
	Known bool `json:"known,omitempty"`
}

// Location is a place in a file; lines and columns count from 1, 0 is unknown.
type Location struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Pointer is an RFC 6901 JSON pointer into the evidence document.
type Pointer struct {
	Pointer string `json:"pointer"`
	// Role is "supports" for a pass and "contradicts" for a failure.
	Role string `json:"role"`
	// Excerpt is what stands there, cut to a few lines of YAML. Passes have none,
	// and of each policy's other results the first alone.
	Excerpt string `json:"excerpt,omitempty"`
}

// Missing is evidence that a verdict would have needed.
type Missing struct {
	Pointer   string `json:"pointer"`
	Collector string `json:"collector"`
	Reason    string `json:"reason"`
	Detail    string `json:"detail,omitempty"`
}

// Waiver is the excuse that turned a failure into "waived".
type Waiver struct {
	Reason  string  `json:"reason"`
	Owner   string  `json:"owner"`
	Expires string  `json:"expires"`
	Verdict Verdict `json:"verdict"` // what it would have been
}

// NextChange is the next date at which the verdict would be another.
type NextChange struct {
	At      evidence.Time `json:"at"`
	Becomes Verdict       `json:"becomes"`
}

// Change is a verdict that time alone will change: a certificate or a waiver ends.
type Change struct {
	At       evidence.Time    `json:"at"`
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Subject  evidence.Subject `json:"subject"`
	From     Verdict          `json:"from"`
	To       Verdict          `json:"to"`
	Severity string           `json:"severity"`
	Message  string           `json:"message"`
}

// ForecastGap is a policy that could not be judged as of a date to come. What it would
// find from then on is not known.
type ForecastGap struct {
	From  evidence.Time `json:"from"`
	ID    string        `json:"id"`
	Title string        `json:"title"`
	// Cluster is the one of several documents that it is about.
	Cluster string `json:"cluster,omitempty"`
	Reason  string `json:"reason"`
}

// Affected sums up the pull failures of all documents.
type Affected struct {
	Pods       int      `json:"pods"`
	Namespaces []string `json:"namespaces"`
	Registries []string `json:"registries"`
	Nodes      []string `json:"nodes"`
}

// Diagnosis is one cause: a failed policy that no other failed policy explains,
// and the failures that it does explain.
type Diagnosis struct {
	ID          string           `json:"id"`
	Severity    string           `json:"severity"`
	Title       string           `json:"title"`
	Messages    []string         `json:"messages"` // one per distinct message, sorted
	Subjects    int              `json:"subjects"`
	Remediation string           `json:"remediation"`
	Explains    []Explained      `json:"explains"`
	Example     evidence.Subject `json:"example"`
	// Location is where the first of Messages leads, if that is in a file.
	Location *Location `json:"location,omitempty"`
	// Registries are those that the cause and what it explains bear on, as host:port.
	Registries []string `json:"registries,omitempty"`
	// Clusters are those in which the cause was found, where there are several documents.
	Clusters []string `json:"clusters,omitempty"`
}

// Explained is a failed policy that a Diagnosis accounts for.
type Explained struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Subjects int    `json:"subjects"`
}

// Count fills the summary from the results.
func Count(results []Result) Summary {
	s := Summary{BySeverity: map[string]int{}}
	for i := range results {
		r := &results[i]
		switch r.Verdict {
		case Pass:
			s.Pass++
		case Fail:
			s.Fail++
			s.BySeverity[r.Severity]++
		case Warn:
			s.Warn++
		case Inconclusive:
			s.Inconclusive++
		case Error:
			s.Error++
		case Skip:
			s.Skip++
		case Waived:
			s.Waived++
		}
	}
	return s
}
