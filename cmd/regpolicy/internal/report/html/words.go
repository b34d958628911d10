package html

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// words are all texts of the page but those of the report itself.
var words = map[string]string{
	"page title":    "Registry trust report",
	"skip link":     "Skip to the findings",
	"sections":      "Sections",
	"collected":     "collected %s",
	"judged":        "judged as of %s by %s",
	"1 policy":      "1 policy",
	"n policies":    "%s policies",
	"baseline":      "against %s: %s new, %s fixed, %s unchanged, %s not comparable",
	"known":         "known from the baseline",
	"verdicts":      "Verdicts",
	"of checks":     "of %s checks",
	"failing":       "Failures by severity",
	"state fail":    "Something is broken",
	"state open":    "Something could not be settled",
	"state none":    "Nothing was evaluated",
	"state warn":    "In order, with warnings",
	"state pass":    "In order",
	"nav diagnosis": "Causes",
	"diagnosis":     "What is broken, and what to repair first",
	"no diagnosis":  "No failure was found, so there is no cause to name.",
	"cause":         "Cause %d",
	"subjects":      "Subjects",
	"1 subject":     "1 subject",
	"n subjects":    "%s subjects",
	"more like":     "%s more like these",
	"explains":      "This explains",
	"repair":        "Repair",
	"in clusters":   "In %s: %s",
	"1 cluster":     "1 cluster",
	"n clusters":    "%s clusters",
	"fleet":         "The fleet",
	"more rows":     "%s more rows stand in the JSON report.",
	"copy":          "Copy",
	"copied":        "Copied",
	"trust path":    "Trust path of %s",
	"in cluster":    "in cluster %s",
	"in words":      "The same in words",
	"trust paths":   "Trust paths",
	"paths intro":   "From the certificates that a registry presents, over what is configured, to what nodes trust.",
	"path holds":    "The path holds from the registry to its end.",
	"more paths":    "%s more paths stand in the JSON report.",
	"other paths":   "Those of causes stand there.",

	"the registry presents":      "The registry presents",
	"configured":                 "Configured",
	"nodes trust":                "Nodes trust",
	"server certificate":         "server certificate",
	"intermediate":               "intermediate CA",
	"root, sent along":           "root CA, sent along",
	"root, to be trusted":        "root CA, to be trusted already",
	"issuer, not sent":           "issuer, not sent",
	"signed by":                  "signed by",
	"valid until":                "valid until %s",
	"expired on":                 "expired on %s",
	"not sent":                   "not sent",
	"public roots":               "public roots",
	"Mozilla's root programme":   "Mozilla's root programme",
	"trust domain":               "trust domain",
	"of the nodes":               "of the nodes",
	"more domains":               "More trust domains stand in the JSON report.",
	"not looked at":              "not looked at",
	"more entries":               "%s more entries",
	"no entry":                   "no entry",
	"another CA is configured":   "another CA is configured",
	"layers":                     "base64 layers: %d, wanted: %s",
	"no cluster reads it":        "no cluster reads it",
	"more certificates":          "and %s more certificates",
	"holds":                      "%s",
	"holds, another key":         "another key of %s",
	"holds, expired":             "%s, expired",
	"store of":                   "trust store with %s CAs",
	"more files":                 "%s more trust files",
	"no trust file":              "no trust file beside the system's",
	"the CA file is missing":     "the CA file is missing",
	"chain verifies":             "the chain verifies",
	"chain does not verify":      "the chain does not verify",
	"more stores":                "%s more trust stores stand in the JSON report.",
	"n nodes":                    "%s nodes",
	"nodes":                      "nodes",
	"breaks at":                  "The path breaks at “%s”: %s.",
	"breaks before domain":       "The path breaks at trust domain “%s”: %s.",
	"breaks before nodes":        "The path breaks on the way to %s: %s.",
	"the path breaks here":       "The path breaks here: %s",
	"the path does not reach it": "The path does not get this far",

	"findings":       "Findings",
	"findings intro": "One row for all subjects of a policy with the same verdict. Open a row for its subjects and their evidence.",
	"filter":         "Filter the findings",
	"search":         "Text or subject",
	"search hint":    "policy, message, node, pod …",
	"verdict":        "Verdict",
	"severity":       "Severity",
	"area":           "Area",
	"any severity":   "any",
	"any area":       "any",
	"reset":          "Reset",
	"policy":         "Policy",
	"finding":        "Finding",
	"rows shown":     "{n} of {all} rows shown",
	"matches":        "{n} matching subjects: {names}",
	"expand all":     "Open all",
	"collapse all":   "Close all",
	"none match":     "No row matches the filter.",
	"sort hint":      "Headings with arrows sort.",
	"why":            "Why it matters",
	"evidence":       "Evidence",
	"missing":        "Missing evidence",
	"details":        "Subjects and evidence",
	"details of":     "Subjects and evidence: %s",
	"supports":       "supports",
	"contradicts":    "contradicts",
	"no excerpt":     "The report carries no excerpt of it.",
	"waived by":      "waived by %s until %s: %s",
	"changes":        "becomes %s on %s",
	"controls of":    "Controls",
	"domain of":      "Trust domain: %s",
	"more subjects":  "%s more subjects",
	"show more":      "Show {n} more subjects",
	"in page":        "%s more subjects are kept in this page and shown with JavaScript; all stand in the JSON report.",
	"in json":        "%s more subjects stand in the JSON report alone.",
	"other messages": "%s more messages of this kind, the first: %s",
	"no findings":    "The report has no results.",

	"coverage":       "Coverage",
	"coverage intro": "What was looked at, and what was not and so was not judged.",
	"collector":      "Evidence",
	"asked":          "Asked",
	"answered":       "Answered",
	"skipped":        "Left out",
	"gaps":           "Not had",
	"remark":         "Remark",
	"not asked":      "Not asked for",
	"complete":       "Complete",
	"left out":       "The source does not hold what was left out.",
	"n gaps":         "What was not had (%s)",
	"attempts":       "tried %s times",
	"more gaps":      "%s more stand in the JSON report.",

	"forecast":        "Dates to come",
	"forecast intro":  "Verdicts that time alone will change, if nobody changes anything.",
	"date":            "Date",
	"becomes":         "Change",
	"from to":         "%s becomes %s",
	"what":            "What",
	"more dates":      "%s more dates stand in the JSON report.",
	"unforeseen":      "Policies that failed when they were judged as of a date to come. What they would find from then on is not known.",
	"more unforeseen": "%s more stand in the JSON report.",
	"waivers":         "Waivers",
	"waiver count":    "%s in use, %s unused, %s expired.",
	"owner":           "Owner",
	"reason":          "Reason",
	"expires":         "Expires",
	"waived subjects": "What is waived",
	"unused waivers":  "Waivers that excuse nothing",
	"more waived":     "%s more stand in the JSON report.",
	"controls":        "Controls",
	"controls intro":  "Results by the control that their policy gives evidence for. A result may count for several.",
	"framework":       "Framework",
	"control":         "Control",

	"run":         "The run",
	"tool":        "Tool",
	"at":          "Judged as of",
	"policies":    "Policies",
	"digest":      "Digest of the policies",
	"profile":     "Profile",
	"params":      "Parameters",
	"n params":    "Parameters of %s policies",
	"documents":   "Evidence documents",
	"cluster":     "Cluster",
	"source":      "Source",
	"taken":       "Collected",
	"sha256":      "SHA-256",
	"parameter":   "Parameter",
	"value":       "Value",
	"footer":      "Written by %s %s. This file is complete: it loads nothing.",
	"schema":      "Made from a report of schema %s; programs read that one, as JSON.",
	"no script":   "Without JavaScript all rows are shown and cannot be filtered or sorted.",
	"scroll hint": "scrolls sideways",
}

// say is a text of the page.
func say(key string, args ...any) string {
	text, ok := words[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// reasons put the closed lists of the evidence in a few words.
var reasons = map[string]string{
	"server_omits_intermediate": "an intermediate is not sent",
	"root_absent":               "the root is not in the store",
	"issuer_rekeyed":            "another key of the same CA",
	"issuer_not_ca":             "the issuer is no CA",
	"name_constraint":           "a name constraint forbids it",
	"wrong_key_usage":           "the key is for another use",
	"weak_signature":            "a signature is too weak",
	"path_length":               "the path is too long",
	"self_signed_leaf":          "the certificate signed itself",
	"no_anchors":                "the store is empty",
	"name_mismatch":             "not for this host name",
	"ip_mismatch":               "not for this IP address",
	"legacy_common_name":        "the host name is in the common name alone",
	"secret_not_found":          "the secret is not there",
	"config_map_not_found":      "the config map is not there",
	"key_not_found":             "the secret has no such key",
	"not_collected":             "its value was not collected",
	"no_value":                  "it has no value",
	"base64_of_pem":             "still base64 text, not PEM",
	"base64_of_der":             "still base64 text, not PEM",
	"der":                       "DER, not PEM",
	"pkcs7":                     "PKCS#7, not PEM",
	"pkcs12":                    "PKCS#12, not PEM",
	"csr":                       "a request, no certificate",
	"broken_pem":                "broken PEM",
	"empty":                     "empty",
	"other":                     "no certificate",
	"dangling":                  "a link to nothing",
	"absent":                    "absent",
	"unreadable":                "unreadable",
}

func reason(code string) string {
	return cmp.Or(reasons[code], strings.ReplaceAll(code, "_", " "), say("chain does not verify"))
}

// show is foreign text as it may be seen: what would act on the page's order of
// letters is replaced.
func show(s string) string { return report.Visible(s) }

// lines is show for text of several lines.
func lines(s string) string {
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = show(parts[i])
	}
	return strings.Join(parts, "\n")
}

// number writes digits in groups of three.
func number(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func counted(n int, one, many string) string {
	if n == 1 {
		return say(one)
	}
	return say(many, number(n))
}

func stamp(t evidence.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func day(t evidence.Time) string { return t.UTC().Format("2006-01-02") }

func title(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}
