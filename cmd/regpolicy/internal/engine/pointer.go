package engine

import (
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// sectionKind is the kind of subject that a section's keys stand for.
var sectionKind = map[string]string{
	"pods": "pod", "nodes": "node", "endpoints": "endpoint", "secrets": "secret",
	"clusters": "cluster", "machines": "machine", "registries": "registry",
}

// pointerOf is where a subject's record stands in the document, or "".
func pointerOf(doc *evidence.Document, s evidence.Subject) string {
	qualified := s["namespace"] + "/" + s["name"]
	switch s["kind"] {
	case "pod":
		return existing(doc.Pods, "pods", qualified)
	case "node":
		return existing(doc.Nodes, "nodes", s["name"])
	case "trust_file":
		if base := existing(doc.Nodes, "nodes", s["node"]); base != "" {
			return base + "/trust_files/" + escapePointer(s["path"])
		}
	case "endpoint", "registry":
		if at := existing(doc.Endpoints, "endpoints", s["name"]); at != "" {
			return at
		}
		return existing(doc.Registries, "registries", s["name"])
	case "secret":
		return existing(doc.Secrets, "secrets", qualified)
	case "cluster":
		return existing(doc.Clusters, "clusters", qualified)
	case "trust_entry":
		for key, e := range doc.Trust {
			if e.Label == s["name"] && e.Object.Namespace == s["namespace"] && e.Object.Kind+"/"+e.Object.Name == s["source"] {
				return existing(doc.Trust, "trust", key)
			}
		}
	}
	return ""
}

func existing[T any](section map[string]T, name, key string) string {
	if _, ok := section[key]; !ok {
		return ""
	}
	return "/" + name + "/" + escapePointer(key)
}

// escapePointer writes one reference token (RFC 6901 section 3).
func escapePointer(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}

func unescapePointer(token string) string {
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
}
