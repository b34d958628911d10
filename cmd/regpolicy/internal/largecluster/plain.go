package largecluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// plainDocument is what somebody would gather who has not thought of size: each
// certificate in full under each node that holds it, and lists to search.
type plainDocument struct {
	At         evidence.Time   `json:"at"`
	Configured []string        `json:"configured"` // fingerprints that nodes should hold
	Nodes      []plainNode     `json:"nodes"`
	Pods       []plainPod      `json:"pods"`
	Registries []plainRegistry `json:"registries"`
}

type plainNode struct {
	Name         string             `json:"name"`
	Certificates []plainCertificate `json:"certificates"`
	Files        []plainFile        `json:"files"`
}

type plainFile struct {
	Path string `json:"path"`
	Form string `json:"form"`
}

type plainCertificate struct {
	Fingerprint string        `json:"fingerprint"`
	Subject     string        `json:"subject"`
	Issuer      string        `json:"issuer"`
	NotAfter    evidence.Time `json:"not_after"`
	IsCA        bool          `json:"is_ca"`
}

type plainRegistry struct {
	Host  string             `json:"host"`
	Chain []plainCertificate `json:"chain"`
}

type plainPod struct {
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Node      string   `json:"node"`
	Images    []string `json:"images"`
	Message   string   `json:"message,omitempty"`
}

// WritePlain writes a document's facts, as far as five plain checks need them, in the
// straightforward form.
func WritePlain(w io.Writer, d *evidence.Document) error {
	out := plainDocument{At: d.CollectedAt}
	full := func(fingerprints []string) []plainCertificate {
		list := make([]plainCertificate, 0, len(fingerprints))
		for _, fp := range fingerprints {
			c := d.Certificates[fp]
			list = append(list, plainCertificate{fp, c.Subject, c.Issuer, c.NotAfter, c.IsCA})
		}
		return list
	}
	for _, key := range sorted(d.Trust) {
		if v := d.Trust[key].Value; v != nil {
			out.Configured = append(out.Configured, v.Certificates...)
		}
	}
	for _, name := range sorted(d.Nodes) {
		n := d.Nodes[name]
		node := plainNode{Name: name, Certificates: full(d.TrustStores[n.TrustStore].Anchors), Files: []plainFile{}}
		for _, path := range sorted(n.TrustFiles) {
			node.Files = append(node.Files, plainFile{path, n.TrustFiles[path].Form})
		}
		out.Nodes = append(out.Nodes, node)
	}
	messages := map[string]string{}
	for _, f := range d.PullFailures {
		messages[f.Namespace+"/"+f.Pod] = f.Message
	}
	for _, key := range sorted(d.Pods) {
		p := d.Pods[key]
		namespace, name := cutKey(key)
		out.Pods = append(out.Pods, plainPod{namespace, name, p.Node, p.Images, messages[key]})
	}
	for _, key := range sorted(d.Endpoints) {
		e := d.Endpoints[key]
		for _, chain := range sorted(e.Chains) {
			out.Registries = append(out.Registries, plainRegistry{e.Host, full(e.Chains[chain].Certificates)})
		}
	}
	buffered := bufio.NewWriterSize(w, 1<<20)
	if err := json.NewEncoder(buffered).Encode(out); err != nil {
		return fmt.Errorf("writing the plain document: %w", err)
	}
	return buffered.Flush()
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func cutKey(key string) (namespace, name string) {
	namespace, name, _ = strings.Cut(key, "/")
	return namespace, name
}
