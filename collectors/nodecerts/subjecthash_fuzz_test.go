package nodecerts_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"regexp"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// FuzzSubjectHash takes names of any bytes, and names with any text, whose case and
// superfluous white space do not count.
func FuzzSubjectHash(f *testing.F) {
	p := newPKI(f)
	block := p.corp.PEM()
	f.Add(block, "Corp Root CA")
	for _, c := range certificatesOf(f, block) {
		f.Add(c.RawSubject, c.Subject.CommonName)
	}
	f.Add([]byte{0x30, 0x80, 0x31, 0x00}, " \t a  B ")
	hash := regexp.MustCompile(`^([0-9a-f]{8})?$`)
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		if got := nodecerts.SubjectHash(raw); !hash.MatchString(got) {
			t.Errorf("%x has the hash %q", raw, got)
		}
		if text == "" {
			return // pkix writes no empty name
		}
		named, err := asn1.Marshal(pkix.Name{CommonName: text}.ToRDNSequence())
		if err != nil {
			return // no text for a name
		}
		spaced, err := asn1.Marshal(pkix.Name{CommonName: "  " + text + " "}.ToRDNSequence())
		if err != nil {
			return
		}
		if one, other := nodecerts.SubjectHash(named), nodecerts.SubjectHash(spaced); one == "" || one != other {
			t.Errorf("%q has the hash %q, with spaces around it %q", text, one, other)
		}
	})
}

func certificatesOf(f *testing.F, text []byte) []*x509.Certificate {
	f.Helper()
	_, certs := certificate.Examine(text)
	return certs
}
