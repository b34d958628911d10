package certificate

import (
	"crypto/x509"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Record stores the facts of certificates in the document, each once, and
// returns their fingerprints in the order given. Nil certificates are passed
// over.
func Record(b *evidence.Builder, certs ...*x509.Certificate) []string {
	fingerprints := make([]string, 0, len(certs))
	missing := map[string]*x509.Certificate{}
	for _, c := range certs {
		if c != nil {
			fingerprint := Fingerprint(c)
			fingerprints = append(fingerprints, fingerprint)
			missing[fingerprint] = c
		}
	}
	b.View(func(d *evidence.Document) {
		for fingerprint := range missing {
			if _, ok := d.Certificates[fingerprint]; ok {
				delete(missing, fingerprint)
			}
		}
	})
	facts := make(map[string]evidence.Certificate, len(missing))
	for fingerprint, c := range missing {
		facts[fingerprint] = Facts(c)
	}
	b.Record(func(d *evidence.Document) {
		for fingerprint, f := range facts {
			if _, ok := d.Certificates[fingerprint]; !ok {
				d.Certificates[fingerprint] = f
			}
		}
	})
	return fingerprints
}
