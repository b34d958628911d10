package engine

import (
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// sectionKind is the kind of subject that a section's keys stand for.
var sectionKind = map[string]string{
	"pods": "pod", "nodes": "node", "endpoints": "endpoint", "secrets": "secret",
	"clusters": "cluster", "machines": "machine", "registries": "registry",
	"proxies": "proxy", "verification": "verification",
}

// pointersOf are where the records of a subject stand in the document: those in the
// sections that the policy reads, and in any other only where there is none.
func (p *Policy) pointersOf(doc *evidence.Document, s evidence.Subject) []string {
	all := recordsOf(doc, s)
	unread := func(pointer string) bool {
		section, _, _ := strings.Cut(pointer[1:], "/")
		return !slices.ContainsFunc(p.Reads, func(r Read) bool { return r.Section == section })
	}
	if !slices.ContainsFunc(all, unread) {
		return all
	}
	if read := slices.DeleteFunc(slices.Clone(all), unread); len(read) > 0 {
		return read
	}
	return all
}

func recordsOf(doc *evidence.Document, s evidence.Subject) []string {
	qualified := s["namespace"] + "/" + s["name"]
	switch s["kind"] {
	case "pod":
		return podRecords(doc, qualified)
	case "node":
		return existing(doc.Nodes, "nodes", s["name"])
	case "trust_file":
		return below(existing(doc.Nodes, "nodes", s["node"]), "trust_files", s["path"])
	case "endpoint", "registry":
		return append(endpointRecords(doc, s), existing(doc.Registries, "registries", s["name"])...)
	case "secret":
		return existing(doc.Secrets, "secrets", qualified)
	case "cluster":
		return existing(doc.Clusters, "clusters", qualified)
	case "machine":
		return existing(doc.Machines, "machines", qualified)
	case "certificate":
		return existing(doc.Certificates, "certificates", s["name"])
	case "proxy":
		return existing(doc.Proxies, "proxies", s["name"])
	case "verification":
		return existing(doc.Verification, "verification", s["name"])
	case "trust_entry":
		return entryRecords(doc, s)
	}
	return nil
}

// podRecords are the pod's own and those of what it could not pull.
func podRecords(doc *evidence.Document, pod string) []string {
	out := existing(doc.Pods, "pods", pod)
	for _, key := range doc.Views.FailuresByPod[pod] {
		out = append(out, existing(doc.PullFailures, "pull_failures", key)...)
	}
	return out
}

// entryRecords are all entries of the subject's name in its source: whoever names two alike
// has two records of one subject.
func entryRecords(doc *evidence.Document, s evidence.Subject) []string {
	var out []string
	for key, e := range doc.Trust {
		if e.Label == s["name"] && e.Object.Namespace == s["namespace"] && e.Object.Kind+"/"+e.Object.Name == s["source"] {
			out = append(out, existing(doc.Trust, "trust", key)...)
		}
	}
	slices.Sort(out)
	return out
}

// endpointRecords point as deep as the subject says: to a chain, a vantage point's
// probe or the whole endpoint.
func endpointRecords(doc *evidence.Document, s evidence.Subject) []string {
	at := existing(doc.Endpoints, "endpoints", s["name"])
	e := doc.Endpoints[s["name"]]
	if _, ok := e.Chains[s["chain"]]; ok {
		return below(at, "chains", s["chain"])
	}
	if _, ok := e.Probes[s["vantage"]]; ok {
		return below(at, "probes", s["vantage"])
	}
	return at
}

func existing[T any](section map[string]T, name, key string) []string {
	if _, ok := section[key]; !ok {
		return nil
	}
	return []string{"/" + name + "/" + jsonpointer.Escape(key)}
}

func below(pointers []string, tokens ...string) []string {
	out := slices.Clone(pointers)
	for i := range out {
		for _, token := range tokens {
			out[i] += "/" + jsonpointer.Escape(token)
		}
	}
	return out
}
