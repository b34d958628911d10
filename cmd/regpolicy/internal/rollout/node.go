package rollout

import (
	"crypto/x509"
	"encoding/pem"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// remake makes a node anew: it has the files of its configuration in place of those
// that it had of an earlier one. loose are its other CA files.
func remake(doc *evidence.Document, name string, wanted []string) (loose []string) {
	n := doc.Nodes[name]
	gone, come := map[string]bool{}, map[string]bool{}
	files := map[string]evidence.TrustFile{}
	for path, file := range n.TrustFiles {
		if file.Entry != "" && systemWide(file) {
			for _, fingerprint := range file.Certificates {
				gone[fingerprint] = !doc.Certificates[fingerprint].PublicRoot
			}
			continue
		}
		files[path] = file
		if systemWide(file) && len(file.Certificates) > 0 {
			loose = append(loose, path)
		}
	}
	for _, path := range loose {
		for _, fingerprint := range files[path].Certificates {
			gone[fingerprint] = false
		}
	}
	for _, key := range wanted {
		e := doc.Trust[key]
		maps.Copy(files, filesOf(e, n.OSFamily, doc.CollectedAt))
		for _, fingerprint := range e.Value.Certificates {
			come[fingerprint] = true
		}
	}
	n.TrustFiles = files
	swap := func(key string) string { return exchange(doc, key, gone, come) }
	n.TrustStore, n.OpenSSLStore = swap(n.TrustStore), swap(n.OpenSSLStore)
	n.RegistryConfig = reconfigured(n.RegistryConfig, swap)
	n.HashLinks = relinked(doc, n)
	if n.Runtime != nil && n.Runtime.StartedAt != nil {
		runtime, at := *n.Runtime, doc.CollectedAt
		runtime.StartedAt = &at
		n.Runtime = &runtime
	}
	doc.Nodes[name] = n
	return loose
}

func systemWide(file evidence.TrustFile) bool {
	switch file.Place {
	case "system", "debian", "rhel":
		return true
	default:
		return false
	}
}

// filesOf are the files that an entry becomes on a node, where its operating system
// moves them. An entry without a name has a file whose name nobody documents.
func filesOf(e evidence.TrustEntry, family string, at evidence.Time) map[string]evidence.TrustFile {
	if e.Name == "" {
		return nil
	}
	content := *e.Value
	content.Form, content.Base64Layers = content.Inner, 0
	file := evidence.TrustFile{Content: content, Place: "system", Entry: e.Name, Status: "ok", ModifiedAt: &at}
	path := "/etc/ssl/certs/tkg-" + e.Name + ".pem"
	switch family {
	case "debian":
		real := file
		real.Place = "debian"
		file.RealPath = "/usr/local/share/ca-certificates/tkg-" + e.Name + ".crt"
		file.LinkTarget = file.RealPath
		return map[string]evidence.TrustFile{path: file, file.RealPath: real}
	case "rhel":
		file.Place = "rhel"
		path = "/etc/pki/ca-trust/source/anchors/tkg-" + e.Name + ".crt"
	}
	return map[string]evidence.TrustFile{path: file}
}

// exchange is the key of a store without what has gone and with what has come.
func exchange(doc *evidence.Document, key string, gone, come map[string]bool) string {
	store, ok := doc.TrustStores[key]
	if !ok {
		return key
	}
	anchors := slices.DeleteFunc(slices.Clone(store.Anchors), func(f string) bool { return gone[f] })
	anchors = slices.AppendSeq(anchors, maps.Keys(come))
	slices.Sort(anchors)
	anchors = slices.Compact(anchors)
	next := evidence.TrustStoreKey(store.Verifier, anchors)
	doc.TrustStores[next] = evidence.TrustStore{Anchors: anchors, Verifier: store.Verifier}
	return next
}

// reconfigured are a runtime's settings with the stores that come of a new node's.
func reconfigured(c *evidence.RegistryConfig, swap func(string) string) *evidence.RegistryConfig {
	if c == nil {
		return nil
	}
	out := *c
	out.Hosts = map[string]evidence.RegistryHost{}
	for name, host := range c.Hosts {
		host.TrustStore = swap(host.TrustStore)
		host.Endpoints = slices.Clone(host.Endpoints)
		for i := range host.Endpoints {
			host.Endpoints[i].TrustStore = swap(host.Endpoints[i].TrustStore)
		}
		out.Hosts[name] = host
	}
	return &out
}

// relinked are the hash links of a node whose system makes some for files beside the
// bundle.
func relinked(doc *evidence.Document, n evidence.Node) map[string]string {
	if n.OSFamily == "debian" || n.OSFamily == "rhel" {
		return nil
	}
	out := map[string]string{}
	for path, file := range n.TrustFiles {
		name, beside := strings.CutPrefix(path, "/etc/ssl/certs/")
		if !beside || file.Place != "system" || len(file.Certificates) != 1 {
			continue
		}
		block, _ := pem.Decode([]byte(doc.Certificates[file.Certificates[0]].PEM))
		if block == nil {
			continue
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		out[nodecerts.SubjectHash(parsed.RawSubject)+".0"] = name
	}
	return out
}
