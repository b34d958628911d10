package certificate_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func TestFactsOfACA(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	ca := root.Intermediate("Corp Issuing CA", certtest.PathLength(0), certtest.PermittedDomains("corp.example"), certtest.Serial(255), certtest.CAIssuers("http://user:hunter22@pki.corp.example/root.crt"))
	got := certificate.Facts(ca.Certificate)

	block, _ := pem.Decode([]byte(got.PEM))
	if parsed, err := x509.ParseCertificate(block.Bytes); err != nil || !parsed.Equal(ca.Certificate) {
		t.Errorf("the PEM holds another certificate: %v", err)
	}
	zero := 0
	want := evidence.Certificate{
		Subject: "CN=Corp Issuing CA,O=Corp Example", Issuer: "CN=Corp Root CA,O=Corp Example",
		CommonName: "Corp Issuing CA", SerialNumber: "ff",
		SubjectKeyID: got.SubjectKeyID, AuthorityKeyID: certificate.Facts(root.Certificate).SubjectKeyID,
		NotBefore: evidence.At(at.AddDate(0, 0, -2)), NotAfter: evidence.At(at.AddDate(0, 0, 3650)),
		IsCA: true, BasicConstraintsValid: true, BasicConstraintsCritical: true, PathLength: &zero,
		KeyUsage: []string{"cert_sign", "crl_sign"}, ExtendedKeyUsage: []string{},
		DNSNames: []string{}, IPAddresses: []string{}, NameConstraints: true,
		KeyAlgorithm: "ECDSA", KeyBits: 256, SignatureAlgorithm: "ECDSA-SHA256",
		SPKISHA256: got.SPKISHA256, CAIssuers: []string{"http://pki.corp.example/root.crt"}, PEM: got.PEM,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if len(got.SubjectKeyID) != 40 || len(got.SPKISHA256) != 64 {
		t.Errorf("key id %q, key digest %q", got.SubjectKeyID, got.SPKISHA256)
	}
}

func TestFactsOfALeaf(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	oid := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 7}
	purposes, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 1}, oid})
	if err != nil {
		t.Fatal(err)
	}
	leaf := root.Leaf("harbor.corp.example",
		certtest.Names("harbor.corp.example", "*.apps.corp.example"), certtest.IPs("10.0.0.5", "fd00::5"),
		certtest.RSA(2048), certtest.Expired(),
		certtest.ExtendedKeyUsage(),
		certtest.Extension(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: purposes}))
	got := certificate.Facts(leaf.Certificate)
	if diff := cmp.Diff([]string{"harbor.corp.example", "*.apps.corp.example"}, got.DNSNames); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"10.0.0.5", "fd00::5"}, got.IPAddresses); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"server_auth", oid.String()}, got.ExtendedKeyUsage); diff != "" {
		t.Error(diff)
	}
	if got.KeyAlgorithm != "RSA" || got.KeyBits != 2048 || got.IsCA || got.PathLength != nil || got.SelfIssued || got.SelfSigned || got.PublicRoot {
		t.Errorf("the facts are %+v", got)
	}
	if got.NotAfter.Time != at.Add(-35*24*time.Hour) {
		t.Errorf("not after %v", got.NotAfter)
	}
}

func TestSelfSignedNeedsItsOwnSignature(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	for _, c := range []struct {
		name               string
		pair               *pair
		selfIssued, signed bool
	}{
		{"a root", root, true, true},
		{"a root signed with SHA-1", m.Root("Old CA", certtest.SHA1()), true, true},
		{"an intermediate", root.Intermediate("Corp Issuing CA"), false, false},
		{"a roll-over certificate of the old key for the new one", root.Rekeyed().CrossSigned(root), true, false},
		{"an Ed25519 root", m.Root("Ed CA", certtest.Ed25519([32]byte{1}), certtest.SignedWith(x509.PureEd25519)), true, true},
	} {
		facts := certificate.Facts(c.pair.Certificate)
		if facts.SelfIssued != c.selfIssued || facts.SelfSigned != c.signed {
			t.Errorf("%s: self-issued %v, self-signed %v", c.name, facts.SelfIssued, facts.SelfSigned)
		}
	}
}

func TestNamesAreRFC4514(t *testing.T) {
	attribute := func(value any, oid ...int) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: oid, Value: value}
	}
	dc := []int{0, 9, 2342, 19200300, 100, 1, 25}
	for _, c := range []struct {
		name    string
		subject pkix.Name
		want    string
	}{
		{"the usual parts", pkix.Name{Country: []string{"DE"}, Organization: []string{"Corp"}, OrganizationalUnit: []string{"IT"}, CommonName: "CA"}, "CN=CA,OU=IT,O=Corp,C=DE"},
		{"a CA of an Active Directory", pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{attribute("example", dc...), attribute("corp", dc...), attribute("Corp CA", 2, 5, 4, 3)}}, "CN=Corp CA,DC=corp,DC=example"},
		{"special characters", pkix.Name{CommonName: ` a,b+c"d\e<f>g;h=i `}, `CN=\ a\,b\+c\"d\\e\<f\>g\;h=i\ `},
		{"a leading hash", pkix.Name{CommonName: "#1"}, `CN=\#1`},
		{"control characters", pkix.Name{CommonName: "a\nb\x1b"}, `CN=a\0ab\1b`},
		{"letters beyond ASCII", pkix.Name{CommonName: "Prüfstelle"}, "CN=Prüfstelle"},
		{"an unknown attribute", pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{attribute("x", 1, 2, 3, 4), attribute("CA", 2, 5, 4, 3)}}, "CN=CA,1.2.3.4=#130178"},
		{"mail", pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{attribute("pki@corp.example", 1, 2, 840, 113549, 1, 9, 1)}}, "emailAddress=pki@corp.example"},
		{"nothing", pkix.Name{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			leaf := certtest.New(at).SelfSigned("a.example", certtest.Subject(c.subject))
			if got := certificate.Facts(leaf.Certificate).Subject; got != c.want {
				t.Errorf("the subject is %q, want %q", got, c.want)
			}
		})
	}
}

func TestCertificatesCannotBlockTheDocument(t *testing.T) {
	m := certtest.New(at)
	mark := "-----BEGIN PRIVATE KEY-----"
	// Three offsets, so that one of them falls on a border of base64.
	for _, pad := range []string{"", "x", "xx"} {
		leaf := m.SelfSigned("evil.example", certtest.Subject(pkix.Name{CommonName: pad + mark + mark}), certtest.Names("https://a:hunter22@evil.example"))
		b := evidence.NewBuilder(evidence.Tool{}, at)
		certificate.Record(b, leaf.Certificate)
		if _, err := evidence.Encode(b.Build("cancelled")); err != nil {
			t.Errorf("pad %q: %v", pad, err)
		}
	}
}

func TestJudgeNameFollowsGo(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	wild := root.Leaf("harbor.corp.example", certtest.Names("*.lab.example"), certtest.IPs("10.0.0.6"))
	for _, c := range []struct {
		name   string
		leaf   *pair
		host   string
		reason string
		names  []string
	}{
		{"the name itself", root.Leaf("harbor.corp.example"), "harbor.corp.example", "", nil},
		{"the name in other letters", root.Leaf("harbor.corp.example"), "Harbor.CORP.example", "", nil},
		{"a wildcard", wild, "a.lab.example", "", nil},
		{"a wildcard covers one label", wild, "a.harbor.lab.example", "name_mismatch", []string{"*.lab.example", "10.0.0.6"}},
		{"another name", root.Leaf("old.corp.example"), "harbor.corp.example", "name_mismatch", []string{"old.corp.example"}},
		{"the common name alone", root.Leaf("harbor.corp.example", certtest.NoSAN()), "harbor.corp.example", "legacy_common_name", nil},
		{"no name at all", root.Leaf("old.corp.example", certtest.NoSAN()), "harbor.corp.example", "name_mismatch", nil},
		{"an address", root.Leaf("10.0.0.5"), "10.0.0.5", "", nil},
		{"an IPv6 address in brackets", root.Leaf("fd00::5"), "[fd00::5]", "", nil},
		{"another address", wild, "10.0.0.5", "ip_mismatch", []string{"*.lab.example", "10.0.0.6"}},
		{"an address as DNS name", root.Leaf("harbor.corp.example", certtest.Names("10.0.0.5")), "10.0.0.5", "ip_mismatch", []string{"10.0.0.5"}},
		{"another IPv6 address in brackets", root.Leaf("fd00::6"), "[fd00::5]", "ip_mismatch", []string{"fd00::6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := certificate.JudgeName(c.leaf.Certificate, c.host)
			want := evidence.NameVerdict{OK: c.reason == "", Reason: c.reason, Names: c.names}
			if diff := cmp.Diff(want, got, cmpEmpty); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err := c.leaf.Certificate.VerifyHostname(c.host); (err == nil) != got.OK {
				t.Errorf("Go says %v", err)
			}
		})
	}
	if got := certificate.JudgeName(nil, "a.example"); got.OK || got.Reason != "name_mismatch" {
		t.Errorf("without a leaf: %+v", got)
	}
}

var cmpEmpty = cmp.Transformer("EmptyNames", func(v evidence.NameVerdict) any {
	out, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return string(out)
})

func TestPublicRootsAreMozillas(t *testing.T) {
	roots := certificate.PublicRoots()
	if roots.Len() < 100 {
		t.Fatalf("there are %d public roots", roots.Len())
	}
	for _, fingerprint := range roots.Fingerprints() {
		c := roots.Get(fingerprint)
		if !certificate.IsPublicRoot(fingerprint) || !certificate.Facts(c).PublicRoot || !certificate.Facts(c).SelfIssued {
			t.Errorf("%s is no public root", c.Subject)
		}
		if v := certificate.Judge([]*x509.Certificate{c}, roots, nil); !v.OK && !strings.Contains(v.Detail, "key usage") {
			t.Errorf("%s does not verify against itself: %s", c.Subject, v.Detail)
		}
	}
	if certificate.IsPublicRoot(certtest.New(at).Root("Corp Root CA").Fingerprint()) {
		t.Error("a private root is public")
	}
}

func TestSetsHoldEachCertificateOnce(t *testing.T) {
	m := certtest.New(at)
	a, b := m.Root("A"), m.Root("B")
	s := set(a, b, a)
	s.Add(nil, b.Certificate)
	want := fingerprints(a, b)
	if want[0] > want[1] {
		want[0], want[1] = want[1], want[0]
	}
	if diff := cmp.Diff(want, s.Fingerprints()); diff != "" || s.Len() != 2 {
		t.Errorf("%d certificates: %s", s.Len(), diff)
	}
	if s.Get(a.Fingerprint()) != a.Certificate || s.Get("") != nil {
		t.Error("Get returns another certificate")
	}
	var empty *certificate.Set
	if empty.Len() != 0 || empty.Get("") != nil || len(empty.Fingerprints()) != 0 {
		t.Error("a nil set is not empty")
	}
}

func TestDescribeStatesWhatWasPresented(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	issuing := root.Intermediate("Corp Issuing CA")
	leaf := issuing.Leaf("harbor.corp.example")
	self := m.SelfSigned("self.corp.example")
	weak := root.Intermediate("Corp Old CA", certtest.SHA1())
	many := []*pair{leaf}
	for range 120 {
		many = append(many, issuing)
	}
	for _, c := range []struct {
		name                 string
		chain                []*pair
		rootSent, orderWrong bool
		length               int
	}{
		{"leaf and intermediate", []*pair{leaf, issuing}, false, false, 2},
		{"with the root", []*pair{leaf, issuing, root}, true, false, 3},
		{"the wrong order", []*pair{leaf, root, issuing}, false, true, 3},
		{"a certificate that does not belong", []*pair{leaf, self}, true, true, 2},
		{"a re-keyed issuer of the right name", []*pair{leaf, issuing.Rekeyed()}, false, true, 2},
		{"a self-signed leaf", []*pair{self}, false, false, 1},
		{"a SHA-1 intermediate", []*pair{weak.Leaf("a.example"), weak, root}, true, false, 3},
		{"more than anybody looks at", many, false, true, certificate.MaxChain},
		{"nothing", nil, false, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := certificate.Describe(certtest.Chain(c.chain...), "harbor.corp.example")
			if got.RootSent != c.rootSent || got.OrderWrong != c.orderWrong || len(got.Certificates) != c.length || got.Verdicts == nil || len(got.Verdicts) != 0 {
				t.Errorf("the description is %+v", got)
			}
		})
	}
}

// Certificates whose texts were made to cost time: what is kept of them is bounded.
func TestFactsOfHostileTextsAreBounded(t *testing.T) {
	root := certtest.New(at).Root("Corp Root CA")
	urls := make([]string, 10_000)
	for i := range urls {
		urls[i] = fmt.Sprintf("http://user:hunter22@pki.corp.example/%d.crt", i)
	}
	long := "http://pki.corp.example/" + strings.Repeat("a", 1<<20)
	leaf := root.Leaf("harbor.corp.example", certtest.CAIssuers(append([]string{long}, urls...)...)).Certificate
	facts := certificate.Facts(leaf)
	if len(facts.CAIssuers) != 16 || facts.CAIssuers[0] != "http://pki.corp.example/0.crt" {
		t.Errorf("%d URLs are kept, the first is %.80q", len(facts.CAIssuers), facts.CAIssuers[0])
	}
	v := certificate.Judge([]*x509.Certificate{leaf}, certificate.NewSet(certtest.Seeded(at, "other").Root("Other CA").Certificate), nil)
	if !strings.Contains(v.Detail, "fetched from http://pki.corp.example/0.crt, http://pki.corp.example/1.crt") || strings.Contains(v.Detail, "hunter22") {
		t.Errorf("the detail is %.400q", v.Detail)
	}

	named := certtest.New(at).Root(strings.Repeat("http://user:hunter22@corp.example ", 1000)).Certificate
	if facts := certificate.Facts(named); facts.CommonName != "[removed]" || strings.Contains(facts.Subject, "hunter22") {
		t.Errorf("the common name is %.80q, the subject %.80q", facts.CommonName, facts.Subject)
	}
}
