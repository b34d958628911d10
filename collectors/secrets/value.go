package secrets

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// recordTrust finds every entry's value, examines it and stores the entry.
func (r *run) recordTrust() {
	before := map[string]bool{}
	r.b.View(func(d *evidence.Document) {
		for key := range d.Trust {
			before[key] = true
		}
	})
	taken := map[string]bool{}
	for _, e := range r.entries {
		if e.secret != nil {
			r.resolve(e)
		}
		certificate.Record(r.b, worthRecording(e.examine())...)
		e.rec.Clusters = r.clustersOf(e)
		if r.store(e, before, taken) {
			r.report(evidence.Trust, EntrySubject(e.rec), e.faults)
		}
	}
}

// bundleSize is the number of certificates beyond which a value is a bundle.
const bundleSize = 20

// worthRecording leaves the public roots of a bundle out of the document: there
// are many, and they are known. One that was configured for itself stays.
func worthRecording(certs []*x509.Certificate) []*x509.Certificate {
	if len(certs) <= bundleSize {
		return certs
	}
	return slices.DeleteFunc(certs, func(c *x509.Certificate) bool {
		return certificate.IsPublicRoot(certificate.Fingerprint(c))
	})
}

// store keeps the entry under a key of its own. False means that an earlier call
// has recorded the very same: a cluster may be given live and as manifests.
func (r *run) store(e *entry, before, taken map[string]bool) (stored bool) {
	r.b.Record(func(d *evidence.Document) {
		for n := 1; ; n++ {
			e.rec.Label = e.label
			if n > 1 {
				e.rec.Label = fmt.Sprintf("%s#%d", e.label, n)
			}
			key := evidence.TrustEntryKey(e.rec.Domain, e.rec.Object, e.rec.Label)
			if before[key] && !taken[key] && same(d.Trust[key], e.rec) {
				taken[key] = true
				return
			}
			if !before[key] && !taken[key] {
				taken[key], stored = true, true
				d.Trust[key] = e.rec
				return
			}
		}
	})
	return stored
}

// clustersOf are the clusters that an entry applies to, where its object tells.
// Those of a TkgServiceConfiguration are known only at the end.
func (r *run) clustersOf(e *entry) []string {
	o := e.rec.Object
	name := o.Name
	if o.Kind == kindKappConfig {
		name, _ = clusterOfKapp(name)
	} else if o.Kind != kindCluster && o.Kind != kindTKC {
		return nil
	}
	key := o.Namespace + "/" + name
	if _, known := r.clusters[key]; !known {
		return nil
	}
	return []string{key}
}

// examine says what the entry's value is, or why it has none, and returns the
// certificates in it.
func (e *entry) examine() []*x509.Certificate {
	switch {
	case e.failed != "":
	case e.faults.in("value"):
		e.failed = "unreadable"
	case strings.TrimSpace(e.value.text) == "":
		e.failed = "no_value"
	case source.Masked(e.value.text):
		e.failed = "not_collected" // a tool's word stands in the value's place
	case len(e.value.text) > maxValue:
		e.faults.add("value", "truncated", fmt.Sprintf("the value has %d bytes; no more than %d are read", len(e.value.text), maxValue))
		e.failed = "unreadable"
	}
	if e.failed != "" {
		e.rec.Reason = e.failed
		return nil
	}
	layers, content, certs := e.value.examine()
	e.rec.Resolved = true
	e.rec.Layers, e.rec.CountedOn = &layers, "wire"
	if e.value.layout == layoutStringData {
		e.rec.CountedOn = "string_data"
	}
	e.rec.Value = &content
	return certs
}

// examine counts layers of base64 on the wire form and describes what lies below
// all of them. The bytes that are examined are those of the wire, too: data: of
// a secret as its base64 text, stringData: as the text it becomes. So the
// content's form is base64_of_pem for a good value of a cluster's trust secret,
// its inner form is pem, and its size is the wire's.
func (v value) examine() (layers int, content evidence.Content, certs []*x509.Certificate) {
	wire := []byte(v.text)
	if v.layout == layoutStringData {
		wire = []byte(base64.StdEncoding.EncodeToString(wire))
	}
	content, certs = certificate.Examine(wire)
	layers = content.Base64Layers
	// Of bytes that are nothing known no layers are counted, but a secret's data
	// has one by its nature.
	if layers == 0 && v.layout != layoutPlain && isBase64(wire) {
		layers = 1
	}
	if len(certs) == 0 || content.HasPrivateKey {
		// A digest of a password or a key would be a way to guess it.
		content.SHA256 = ""
	}
	return layers, content, certs
}

func isBase64(wire []byte) bool {
	_, err := base64.StdEncoding.DecodeString(string(wire))
	return err == nil
}

// same tells whether two records say the same, wherever they come from.
func same(a, b evidence.TrustEntry) bool {
	for _, e := range []*evidence.TrustEntry{&a, &b} {
		e.Provenance, e.EntryAt, e.ValueAt = evidence.Provenance{}, nil, nil
		e.Clusters, e.AppliesToNone = nil, false // settled at the end
	}
	return reflect.DeepEqual(a, b)
}
