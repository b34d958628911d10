package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// mostObject keeps an object below etcd's limit of 1.5 MiB for a request, with room
// for what the API server adds.
const mostObject = 900_000

type (
	k8sReport struct {
		APIVersion string      `yaml:"apiVersion"`
		Kind       string      `yaml:"kind"`
		Metadata   k8sMetadata `yaml:"metadata"`
		Source     string      `yaml:"source,omitempty"`
		Scope      *k8sObject  `yaml:"scope,omitempty"`
		Summary    k8sSummary  `yaml:"summary"`
		Results    []k8sResult `yaml:"results"`
	}
	k8sMetadata struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace,omitempty"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	k8sSummary struct {
		Pass  int `yaml:"pass"`
		Fail  int `yaml:"fail"`
		Warn  int `yaml:"warn"`
		Error int `yaml:"error"`
		Skip  int `yaml:"skip"`
	}
	k8sResult struct {
		Source     string            `yaml:"source"`
		Policy     string            `yaml:"policy"`
		Rule       string            `yaml:"rule,omitempty"`
		Category   string            `yaml:"category,omitempty"`
		Severity   string            `yaml:"severity,omitempty"`
		Timestamp  k8sTimestamp      `yaml:"timestamp"`
		Result     string            `yaml:"result"`
		Scored     bool              `yaml:"scored"`
		Resources  []k8sObject       `yaml:"resources,omitempty"`
		Message    string            `yaml:"message"`
		Properties map[string]string `yaml:"properties"`
	}
	k8sTimestamp struct {
		Seconds int64 `yaml:"seconds"`
		Nanos   int32 `yaml:"nanos"`
	}
	k8sObject struct {
		APIVersion string `yaml:"apiVersion,omitempty"`
		Kind       string `yaml:"kind"`
		Namespace  string `yaml:"namespace,omitempty"`
		Name       string `yaml:"name,omitempty"`
	}
)

// ReportAPI is an API for reports in a cluster.
type ReportAPI struct {
	// Kind is that of a namespace's report; the whole cluster's has "Cluster" before it.
	Group, Version, Kind string
	// names tells that an object itself says who wrote it.
	names bool
}

// ReportAPIs are those there are by the names of their formats.
func ReportAPIs() map[string]ReportAPI {
	return map[string]ReportAPI{
		"openreports":  {Group: "openreports.io", Version: "v1alpha1", Kind: "Report", names: true},
		"policyreport": {Group: "wgpolicyk8s.io", Version: "v1alpha2", Kind: "PolicyReport"},
	}
}

// ClusterObject is an object that a cluster keeps of a report. Namespace is empty
// for what is about the cluster as a whole.
type ClusterObject struct {
	Kind, Namespace, Name string
	YAML                  []byte
}

// Managed are the labels of all objects that regpolicy writes into a cluster.
func Managed() map[string]string {
	return map[string]string{"app.kubernetes.io/managed-by": "regpolicy"}
}

// Objects are the report's objects of the API, in order of their namespaces. What is
// about a namespace that is homeless goes to the cluster as a whole.
func (api ReportAPI) Objects(r *Report, homeless func(namespace string) bool) ([]ClusterObject, error) {
	reports, err := api.reports(r, homeless)
	if err != nil {
		return nil, err
	}
	var objects []ClusterObject
	for _, o := range reports {
		text, err := yaml.Marshal(o)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", o.Kind, err)
		}
		objects = append(objects, ClusterObject{Kind: o.Kind, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, YAML: text})
	}
	return objects, nil
}

// OpenReports writes openreports.io Reports and ClusterReports, a YAML stream.
func OpenReports(w io.Writer, r *Report) error { return ReportAPIs()["openreports"].write(w, r) }

// PolicyReport writes the older API of the same, wgpolicyk8s.io.
func PolicyReport(w io.Writer, r *Report) error { return ReportAPIs()["policyreport"].write(w, r) }

func (api ReportAPI) write(w io.Writer, r *Report) error {
	reports, err := api.reports(r, func(string) bool { return false })
	if err != nil {
		return err
	}
	for i := range reports {
		if err := reports[i].write(w, i > 0); err != nil {
			return fmt.Errorf("writing %s: %w", reports[i].Kind, err)
		}
	}
	return nil
}

// write writes an object, as another one of a stream or the first. Each has an encoder
// of its own: one keeps in memory what it has written until its end.
func (o *k8sReport) write(w io.Writer, another bool) error {
	if another {
		if _, err := io.WriteString(w, "---\n"); err != nil {
			return err
		}
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	return errors.Join(enc.Encode(o), enc.Close())
}

func (api ReportAPI) reports(r *Report, homeless func(namespace string) bool) ([]k8sReport, error) {
	byNamespace := map[string][]*Result{}
	for i := range r.Results {
		ns := scopeOf(&r.Results[i])
		if ns != "" && homeless(ns) {
			ns = ""
		}
		byNamespace[ns] = append(byNamespace[ns], &r.Results[i])
	}
	if len(byNamespace) == 0 {
		byNamespace[""] = nil // a report of nothing is one, too
	}
	var reports []k8sReport
	for _, ns := range slices.Sorted(maps.Keys(byNamespace)) {
		parts, err := k8sParts(r, byNamespace[ns])
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", api.Kind, err)
		}
		for n, part := range parts {
			o := k8sReport{APIVersion: api.Group + "/" + api.Version, Kind: "Cluster" + api.Kind, Metadata: k8sMeta(r, ns, n), Summary: tally(part), Results: part}
			if api.names {
				o.Source = "regpolicy"
			}
			if ns != "" {
				o.Kind = api.Kind
				o.Scope = &k8sObject{APIVersion: "v1", Kind: "Namespace", Name: ns}
			}
			reports = append(reports, o)
		}
	}
	return reports, nil
}

var namespaceName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// scopeOf is the namespace of a result, "" for the cluster as a whole.
func scopeOf(res *Result) string {
	if ns := res.Subject["namespace"]; namespaceName.MatchString(ns) {
		return ns
	}
	return ""
}

// k8sParts cuts a scope's results into objects that etcd takes.
func k8sParts(r *Report, results []*Result) ([][]k8sResult, error) {
	parts, size := [][]k8sResult{{}}, 0
	for _, res := range results {
		one := k8sOne(r, res)
		text, err := json.Marshal(one) // as etcd has it, but for the case of the names
		if err != nil {
			return nil, err
		}
		if size+len(text) > mostObject && len(parts[len(parts)-1]) > 0 {
			parts, size = append(parts, nil), 0
		}
		size += len(text)
		parts[len(parts)-1] = append(parts[len(parts)-1], one)
	}
	return parts, nil
}

func k8sMeta(r *Report, namespace string, part int) k8sMetadata {
	name := "regpolicy"
	if part > 0 {
		name = fmt.Sprintf("regpolicy-%d", part+1)
	}
	digests := make([]string, 0, len(r.Run.Documents))
	for _, d := range r.Run.Documents {
		digests = append(digests, Visible(d.SHA256))
	}
	return k8sMetadata{
		Name: name, Namespace: namespace,
		Labels: Managed(),
		Annotations: map[string]string{
			"regpolicy.github.io/at":              iso(r.Run.At),
			"regpolicy.github.io/policies-digest": Visible(r.Run.Policies.Digest),
			"regpolicy.github.io/documents":       list(digests, 20),
		},
	}
}

func tally(results []k8sResult) k8sSummary {
	var s k8sSummary
	for i := range results {
		switch results[i].Result {
		case "pass":
			s.Pass++
		case "fail":
			s.Fail++
		case "warn":
			s.Warn++
		case "error":
			s.Error++
		default:
			s.Skip++
		}
	}
	return s
}

func k8sOne(r *Report, res *Result) k8sResult {
	const longMessage, longProperty = 8192, 2048
	properties := map[string]string{
		"regpolicy.verdict": string(res.Verdict),
		"fingerprint":       res.Fingerprint,
		"subject":           res.Subject.String(),
		"title":             res.Title,
		"remediation":       res.Remediation,
		"evidence":          list(pointers(res), 20),
	}
	if l := res.Location; l != nil {
		properties["location"] = fmt.Sprintf("%s:%d", l.File, max(l.Line, 1))
	}
	for framework, ids := range res.Controls {
		properties["control."+framework] = strings.Join(ids, " ")
	}
	if w := res.Waiver; w != nil {
		properties["waiver.reason"], properties["waiver.owner"] = w.Reason, w.Owner
		properties["waiver.expires"], properties["waiver.verdict"] = w.Expires, string(w.Verdict)
	}
	clean := map[string]string{}
	for key, value := range properties {
		if value != "" {
			clean[short(Visible(key), 256)] = short(plain(value), longProperty)
		}
	}
	out := k8sResult{
		Source: "regpolicy", Policy: cmp.Or(short(Visible(res.ID), longProperty), "unnamed"), Rule: short(Visible(res.Policy), longProperty),
		Category: short(Visible(area(res.Policy)), longProperty), Timestamp: k8sTimestamp{Seconds: r.Run.At.Unix()},
		Result: k8sOutcome(res.Verdict), Scored: res.Verdict == Pass || res.Verdict == Fail || res.Verdict == Inconclusive || res.Verdict == Error,
		Resources: k8sResources(res.Subject), Message: short(said(res), longMessage), Properties: clean,
	}
	if slices.Contains(Severities, res.Severity) {
		out.Severity = res.Severity
	}
	return out
}

func k8sOutcome(v Verdict) string {
	switch v {
	case Pass, Fail, Warn, Skip:
		return string(v)
	case Waived:
		return "skip"
	default:
		return "error"
	}
}

// k8sResources is the object that a subject is, or nil where it is none.
func k8sResources(s evidence.Subject) []k8sObject {
	o := k8sObject{Name: Visible(s["name"])}
	if ns := s["namespace"]; namespaceName.MatchString(ns) {
		o.Namespace = ns
	}
	switch s["kind"] {
	case "pod":
		o.APIVersion, o.Kind = "v1", "Pod"
	case "node":
		o.APIVersion, o.Kind = "v1", "Node"
	case "secret":
		o.APIVersion, o.Kind = "v1", "Secret"
	case "config_map":
		o.APIVersion, o.Kind = "v1", "ConfigMap"
	case "cluster":
		o.Kind = "Cluster"
	default:
		return nil
	}
	o.Name = short(o.Name, 253)
	if o.Name == "" {
		return nil
	}
	return []k8sObject{o}
}
