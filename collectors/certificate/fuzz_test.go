package certificate_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

var whitespaceFaults = []string{"newline_in_base64", "space_in_base64", "trailing_space", "indented"}

func FuzzExamine(f *testing.F) {
	for _, c := range contentCases() {
		if len(c.raw) < 1<<14 {
			f.Add(c.raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		content, certs := certificate.Examine(raw)
		if len(raw) <= 2<<20 {
			agreesWithGo(t, raw, content, certs)
		}
		checkContent(t, raw, content, certs)
		if content.Form == evidence.FormOther || content.Inner == evidence.FormEmpty || content.Base64Layers == 5 || len(raw) > 1<<20 {
			return
		}
		// One layer more is one layer more, and changes nothing below.
		again, _ := certificate.Examine(encode(raw))
		if again.Base64Layers != content.Base64Layers+1 || again.Inner != content.Inner {
			t.Errorf("%d layers of %s became %d of %s", content.Base64Layers, content.Inner, again.Base64Layers, again.Inner)
		}
		if diff := cmp.Diff(content.Blocks, again.Blocks); diff != "" {
			t.Errorf("blocks differ below one layer more:\n%s", diff)
		}
	})
}

func checkContent(t *testing.T, raw []byte, c evidence.Content, certs []*x509.Certificate) {
	t.Helper()
	forms := []string{"pem", "base64_of_pem", "base64_of_der", "der", "pkcs7", "pkcs12", "private_key", "csr", "empty", "broken_pem", "other"}
	if !slices.Contains(forms, c.Form) || !slices.Contains(forms, c.Inner) || strings.HasPrefix(c.Inner, "base64") {
		t.Errorf("form %q, inner form %q", c.Form, c.Inner)
	}
	if layered := strings.HasPrefix(c.Form, "base64"); c.Base64Layers < 0 || c.Base64Layers > 5 || (layered && c.Base64Layers == 0) || (!layered && c.Form != c.Inner) {
		t.Errorf("form %q has %d layers above %q", c.Form, c.Base64Layers, c.Inner)
	}
	if hasCertificates := c.Inner == "pem" || c.Inner == "der"; len(certs) != len(c.Certificates) || hasCertificates != (len(certs) > 0) || (c.Reason == "") != hasCertificates {
		t.Errorf("inner form %q has %d certificates and the reason %q", c.Inner, len(certs), c.Reason)
	}
	for i, cert := range certs {
		if certificate.Fingerprint(cert) != c.Certificates[i] {
			t.Errorf("certificate %d is not the one named", i)
		}
		certificate.Facts(cert)
	}
	for _, w := range c.Whitespace {
		if !slices.Contains(whitespaceFaults, w) {
			t.Errorf("the fault of white space %q is not in the list", w)
		}
	}
	for _, b := range c.Blocks {
		if !utf8.ValidString(b.Label) || !utf8.ValidString(b.Reason) || b.OK != (b.Reason == "") {
			t.Errorf("the block is %+v", b)
		}
	}
	out, err := json.Marshal(c)
	if err != nil || evidence.Scan(out) != nil {
		t.Errorf("the content of %.60q cannot be written: %v %s", raw, err, out)
	}
	if c.Size != len(raw) {
		t.Errorf("size %d of %d", c.Size, len(raw))
	}
}

// FuzzFacts feeds certificates that were changed after signing.
func FuzzFacts(f *testing.F) {
	for _, c := range breakCases() {
		f.Add(c.chain[0].Certificate.Raw, c.chain[len(c.chain)-1].Certificate.Raw)
	}
	f.Fuzz(func(t *testing.T, leaf, above []byte) {
		a, err := x509.ParseCertificate(leaf)
		if err != nil {
			return
		}
		chain := []*x509.Certificate{a}
		if b, err := x509.ParseCertificate(above); err == nil {
			chain = append(chain, b)
		}
		builder := newBuilder()
		certificate.Record(builder, chain...)
		if _, err := evidence.Encode(builder.Build("cancelled")); err != nil {
			t.Errorf("the facts cannot be written: %v", err)
		}
		certificate.Describe(chain, "harbor.corp.example")
		anchors := certificate.NewSet(chain[len(chain)-1])
		v := certificate.Judge(chain, anchors, certificate.NewSet(chain...))
		roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(timeless(chain[len(chain)-1]))
		for _, c := range chain[1:] {
			intermediates.AddCert(timeless(c))
		}
		_, err = timeless(a).Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: at})
		if v.OK != (err == nil) && !strings.Contains(v.Detail, "bits") {
			t.Errorf("Judge says %v %s, Go says %v", v.OK, v.Detail, err)
		}
		certificate.JudgeOpenSSL(chain, anchors, nil)
	})
}

func timeless(c *x509.Certificate) *x509.Certificate {
	copied := *c
	copied.NotBefore, copied.NotAfter = at, at
	return &copied
}

func BenchmarkExamine(b *testing.B) {
	var bundle bytes.Buffer
	for _, fingerprint := range certificate.PublicRoots().Fingerprints() {
		bundle.WriteString(certificate.Facts(certificate.PublicRoots().Get(fingerprint)).PEM)
	}
	one := []byte(certificate.Facts(breakCases()[0].chain[0].Certificate).PEM)
	for _, c := range []struct {
		name string
		raw  []byte
	}{
		{"one certificate", one},
		{"encoded twice", encode(encode(one))},
		{"system bundle", bundle.Bytes()},
		{"2 MiB of bad labels", bytes.Repeat([]byte("-----BEGIN A-----\n"), 2<<20/18)},
		{"2 MiB of dashes", bytes.Repeat([]byte("-"), 2<<20)},
		{"2 MiB of base64", bytes.Repeat([]byte("QUFB"), 2<<18)},
		{"2 MiB of BEGIN", bytes.Repeat([]byte("BEGIN "), 2<<20/6)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.raw)))
			for b.Loop() {
				certificate.Examine(c.raw)
			}
		})
	}
}

func BenchmarkJudge(b *testing.B) {
	cases := map[string]breakCase{}
	for _, c := range breakCases() {
		cases[c.name] = c
	}
	for _, name := range []string{"the chain without its root", "the root absent and unknown", "the intermediate not sent and held elsewhere"} {
		c := cases[name]
		chain := make([]*x509.Certificate, 0, len(c.chain))
		for _, p := range c.chain {
			chain = append(chain, p.Certificate)
		}
		anchors, known := certificate.NewSet(), set(c.known...)
		for _, fingerprint := range certificate.PublicRoots().Fingerprints() {
			anchors.Add(certificate.PublicRoots().Get(fingerprint))
		}
		for _, p := range c.anchors {
			anchors.Add(p.Certificate)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				certificate.Judge(chain, anchors, known)
			}
		})
	}
}

func BenchmarkSettle(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		builder := newBuilder()
		roots := certificate.PublicRoots().Fingerprints()
		for _, c := range breakCases() {
			present(builder, c.name+":443", c.chain...)
		}
		for i := range 20 {
			builder.TrustStore(evidence.VerifierGo, roots[i:])
			builder.TrustStore(evidence.VerifierOpenSSL, roots[i:])
		}
		b.StartTimer()
		certificate.Settle(builder)
	}
}
