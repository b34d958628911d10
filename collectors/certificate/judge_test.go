package certificate_test

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

var at = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

type pair = certtest.Pair

func set(pairs ...*pair) *certificate.Set {
	return certificate.NewSet(certtest.Chain(pairs...)...)
}

func fingerprints(pairs ...*pair) []string {
	var out []string
	for _, p := range pairs {
		out = append(out, p.Fingerprint())
	}
	return out
}

// breakCase is a chain held against a store, and what must be said of it.
type breakCase struct {
	name           string
	chain          []*pair
	anchors, known []*pair
	// reason is Judge's; "" is a chain that verifies.
	reason     string
	broken     *pair
	candidates []*pair
	// goText is part of what Go's own verifier says.
	goText string
	// opensslReason is JudgeOpenSSL's where it is not the same.
	opensslReason string
	// opensslError is the number of OpenSSL's own error.
	opensslError string
}

func breakCases() []breakCase {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	issuing := root.Intermediate("Corp Issuing CA")
	leaf := issuing.Leaf("harbor.corp.example")
	direct := root.Leaf("direct.corp.example")
	rekeyed := root.Rekeyed()
	rekeyedIssuing := issuing.Rekeyed()
	other := m.Root("Unrelated CA")
	selfSigned := m.SelfSigned("self.corp.example")
	notCA := m.Root("Corp Careless CA", certtest.NotCA())
	notCAIssuing := root.Intermediate("Corp Careless Issuing CA", certtest.NotCA())
	noCertSign := m.Root("Corp CRL CA", certtest.KeyUsage(x509.KeyUsageCRLSign))
	narrow := root.Intermediate("Corp Lab CA", certtest.PermittedDomains("lab.example"))
	narrowRoot := m.Root("Narrow Root CA", certtest.ExcludedDomains("corp.example"))
	clients := root.Intermediate("Corp Client CA", certtest.ExtendedKeyUsage(x509.ExtKeyUsageClientAuth))
	shallow := m.Root("Corp Shallow CA", certtest.PathLength(0))
	shallowIssuing := shallow.Intermediate("Corp Deep CA")
	weakIssuing := root.Intermediate("Corp Old CA", certtest.SHA1())
	foreign := m.Root("Foreign Root CA")
	cross := root.CrossSigned(foreign)
	noIDs := m.Root("Corp Plain CA", certtest.NoKeyIDs())
	noIDsLeaf := noIDs.Leaf("plain.corp.example", certtest.NoKeyIDs())
	critical := issuing.Leaf("odd.corp.example", certtest.Extension(pkix.Extension{
		Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0},
	}))
	renamed := root.Leaf("renamed.corp.example", certtest.IssuerNamed("Corp Root Authority"))
	huge := issuing.Leaf("huge.corp.example", certtest.PublicKey(hugeKey(9000)))
	deepRoot := m.Root("Deep Root CA")
	deepA := deepRoot.Intermediate("Deep A")
	deepB := deepA.Intermediate("Deep B")
	deepLeaf := deepB.Leaf("deep.corp.example")

	return []breakCase{
		{
			name: "the whole chain and its root", chain: []*pair{leaf, issuing, root}, anchors: []*pair{root},
		}, {
			name: "the chain without its root", chain: []*pair{leaf, issuing}, anchors: []*pair{other, root},
		}, {
			name: "the chain in the wrong order", chain: []*pair{deepLeaf, deepA, deepB}, anchors: []*pair{deepRoot},
		}, {
			name: "a chain that has expired", chain: []*pair{issuing.Leaf("old.corp.example", certtest.Expired()), issuing}, anchors: []*pair{root},
			goText: "certificate has expired or is not yet valid", // verdicts leave time out
		}, {
			name: "a self-signed leaf that is trusted", chain: []*pair{selfSigned}, anchors: []*pair{selfSigned},
		}, {
			name: "only the intermediate trusted", chain: []*pair{leaf, issuing}, anchors: []*pair{issuing},
			opensslReason: "root_absent", opensslError: "2",
		}, {
			name: "only the intermediate trusted and not sent", chain: []*pair{leaf}, anchors: []*pair{issuing},
			opensslReason: "root_absent", opensslError: "2",
		}, {
			name: "the intermediate and the root trusted", chain: []*pair{leaf}, anchors: []*pair{root, issuing},
		}, {
			name: "an intermediate and the root trusted, not the one between", chain: []*pair{deepLeaf, deepB, deepA}, anchors: []*pair{deepB, deepRoot},
			opensslReason: "root_absent", opensslError: "2",
		}, {
			name: "the leaf itself trusted", chain: []*pair{leaf}, anchors: []*pair{leaf},
			opensslReason: "root_absent", opensslError: "20",
		}, {
			name: "an issuer whose key id was changed", chain: []*pair{direct}, anchors: []*pair{reidentified(root)},
			opensslReason: "chain_invalid", opensslError: "20",
		}, {
			name: "the intermediate not sent and held elsewhere", chain: []*pair{leaf}, anchors: []*pair{root}, known: []*pair{issuing, other},
			reason: "server_omits_intermediate", broken: leaf, candidates: []*pair{issuing},
			goText: "x509: certificate signed by unknown authority", opensslError: "20",
		}, {
			name: "two intermediates not sent", chain: []*pair{deepLeaf}, anchors: []*pair{deepRoot}, known: []*pair{deepA, deepB},
			reason: "server_omits_intermediate", broken: deepLeaf, candidates: []*pair{deepB, deepA},
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "the upper of two intermediates not sent", chain: []*pair{deepLeaf, deepB}, anchors: []*pair{deepRoot}, known: []*pair{deepA},
			reason: "server_omits_intermediate", broken: deepB, candidates: []*pair{deepA},
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "the intermediate not sent and held nowhere", chain: []*pair{leaf}, anchors: []*pair{root},
			reason: "server_omits_intermediate", broken: leaf,
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "the intermediate left out between leaf and root", chain: []*pair{leaf, root}, anchors: []*pair{root},
			reason: "server_omits_intermediate", broken: leaf,
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "the intermediate held elsewhere, the root nowhere", chain: []*pair{leaf}, anchors: []*pair{other}, known: []*pair{issuing},
			reason: "server_omits_intermediate", broken: leaf, candidates: []*pair{issuing},
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "the root absent, known from elsewhere", chain: []*pair{leaf, issuing}, anchors: []*pair{other}, known: []*pair{root},
			reason: "root_absent", broken: issuing, candidates: []*pair{root},
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "the root absent and unknown", chain: []*pair{leaf, issuing}, anchors: []*pair{other},
			reason: "root_absent", broken: issuing,
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "the root absent and sent", chain: []*pair{leaf, issuing, root}, anchors: []*pair{other},
			reason: "root_absent", broken: issuing, candidates: []*pair{root},
			goText: "signed by unknown authority", opensslError: "19",
		}, {
			name: "a leaf right below an absent root", chain: []*pair{direct}, anchors: []*pair{other}, known: []*pair{root},
			reason: "root_absent", broken: direct, candidates: []*pair{root},
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "a new root of which the store has only the cross-signer", chain: []*pair{direct}, anchors: []*pair{foreign}, known: []*pair{root, cross},
			reason: "server_omits_intermediate", broken: direct, candidates: []*pair{cross},
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "the cross-signed root sent", chain: []*pair{direct, cross}, anchors: []*pair{foreign},
		}, {
			name: "the root re-keyed", chain: []*pair{rekeyed.Leaf("harbor.corp.example")}, anchors: []*pair{root},
			reason: "issuer_rekeyed", candidates: []*pair{root},
			goText: "while trying to verify candidate authority certificate", opensslError: "20",
		}, {
			name: "the root re-keyed and sent", chain: []*pair{rekeyed.Leaf("harbor.corp.example"), rekeyed}, anchors: []*pair{root},
			reason: "issuer_rekeyed", candidates: []*pair{root, rekeyed},
			goText: "while trying to verify candidate authority certificate", opensslError: "19",
		}, {
			name: "the root re-keyed, the new one known", chain: []*pair{leaf, issuing}, anchors: []*pair{rekeyed}, known: []*pair{root},
			reason: "issuer_rekeyed", broken: issuing, candidates: []*pair{rekeyed, root},
			goText: "while trying to verify candidate authority certificate", opensslError: "20",
		}, {
			name: "a trusted intermediate re-keyed", chain: []*pair{rekeyedIssuing.Leaf("harbor.corp.example"), rekeyedIssuing}, anchors: []*pair{issuing},
			reason: "issuer_rekeyed", candidates: []*pair{issuing, rekeyedIssuing},
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "the root renewed with the same key", chain: []*pair{leaf, issuing, root}, anchors: []*pair{root.Renewed()},
		}, {
			name: "the re-keyed root without key ids", chain: []*pair{noIDs.Rekeyed(certtest.NoKeyIDs()).Leaf("plain.corp.example", certtest.NoKeyIDs())}, anchors: []*pair{noIDs},
			reason: "issuer_rekeyed", candidates: []*pair{noIDs},
			goText: "while trying to verify candidate authority certificate", opensslError: "7",
		}, {
			name: "certificates without key ids", chain: []*pair{noIDsLeaf}, anchors: []*pair{noIDs},
		}, {
			name: "the trusted root is no CA", chain: []*pair{notCA.Leaf("harbor.corp.example")}, anchors: []*pair{notCA},
			reason: "issuer_not_ca", candidates: []*pair{notCA},
			goText: "parent certificate cannot sign this kind of certificate", opensslError: "79",
		}, {
			name: "the intermediate sent is no CA", chain: []*pair{notCAIssuing.Leaf("harbor.corp.example"), notCAIssuing}, anchors: []*pair{root},
			reason: "issuer_not_ca", candidates: []*pair{notCAIssuing},
			goText: "parent certificate cannot sign this kind of certificate", opensslError: "79",
		}, {
			name: "a CA may not sign certificates", chain: []*pair{noCertSign.Leaf("harbor.corp.example")}, anchors: []*pair{noCertSign},
			reason: "issuer_not_ca", candidates: []*pair{noCertSign},
			goText: "parent certificate cannot sign this kind of certificate", opensslError: "79",
		}, {
			name: "a server certificate that issues another", chain: []*pair{leaf.Leaf("below.corp.example"), leaf, issuing}, anchors: []*pair{root},
			reason: "issuer_not_ca", candidates: []*pair{leaf},
			goText: "parent certificate cannot sign this kind of certificate", opensslError: "79",
		}, {
			name: "an intermediate not permitted for the name", chain: []*pair{narrow.Leaf("harbor.corp.example"), narrow}, anchors: []*pair{root},
			reason: "name_constraint", candidates: []*pair{narrow},
			goText: "is not authorized to sign for this name", opensslError: "47",
		}, {
			name: "a root that excludes the name", chain: []*pair{narrowRoot.Leaf("harbor.corp.example")}, anchors: []*pair{narrowRoot},
			reason: "name_constraint", candidates: []*pair{narrowRoot},
			goText: "is not authorized to sign for this name", opensslError: "48",
		}, {
			name: "a client's certificate", chain: []*pair{issuing.Leaf("harbor.corp.example", certtest.ExtendedKeyUsage(x509.ExtKeyUsageClientAuth)), issuing}, anchors: []*pair{root},
			reason: "wrong_key_usage",
			goText: "x509: certificate specifies an incompatible key usage", opensslError: "26",
		}, {
			name: "a CA for clients", chain: []*pair{clients.Leaf("harbor.corp.example"), clients}, anchors: []*pair{root},
			reason: "wrong_key_usage", broken: clients, candidates: []*pair{clients},
			goText: "x509: certificate specifies an incompatible key usage", opensslError: "26",
		}, {
			name: "a leaf without extended key usage", chain: []*pair{issuing.Leaf("harbor.corp.example", certtest.ExtendedKeyUsage()), issuing}, anchors: []*pair{root},
		}, {
			name: "more intermediates than the root allows", chain: []*pair{shallowIssuing.Leaf("harbor.corp.example"), shallowIssuing}, anchors: []*pair{shallow},
			reason: "path_length", broken: shallowIssuing, candidates: []*pair{shallow},
			goText: "too many intermediates for path length constraint", opensslError: "25",
		}, {
			name: "a leaf signed with SHA-1", chain: []*pair{root.Leaf("harbor.corp.example", certtest.SHA1())}, anchors: []*pair{root},
			reason: "weak_signature",
			goText: "insecure algorithm ECDSA-SHA1", opensslError: "68",
		}, {
			name: "an intermediate signed with SHA-1", chain: []*pair{weakIssuing.Leaf("harbor.corp.example"), weakIssuing}, anchors: []*pair{root},
			reason: "weak_signature", broken: weakIssuing,
			goText: "insecure algorithm ECDSA-SHA1", opensslError: "68",
		}, {
			name: "an intermediate signed with SHA-1 below an absent root", chain: []*pair{weakIssuing.Leaf("harbor.corp.example"), weakIssuing}, anchors: []*pair{other},
			reason: "weak_signature", broken: weakIssuing,
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "a self-signed root with SHA-1", chain: []*pair{m.Root("Old Root CA", certtest.SHA1()).Leaf("harbor.corp.example")}, anchors: nil, // set below
		}, {
			name: "a self-signed leaf", chain: []*pair{selfSigned}, anchors: []*pair{root},
			reason: "self_signed_leaf", broken: selfSigned,
			goText: "signed by unknown authority", opensslError: "18",
		}, {
			name: "a self-signed leaf whose predecessor is trusted", chain: []*pair{m.SelfSigned("self.corp.example")}, anchors: []*pair{selfSigned},
			reason: "self_signed_leaf", candidates: []*pair{selfSigned},
			goText: "signed by unknown authority", opensslError: "18",
		}, {
			name: "an empty store", chain: []*pair{leaf, issuing}, anchors: []*pair{}, known: []*pair{root},
			reason: "no_anchors", broken: issuing,
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "a critical extension that nobody knows", chain: []*pair{critical, issuing}, anchors: []*pair{root},
			reason: "chain_invalid",
			goText: "x509: unhandled critical extension", opensslError: "34",
		}, {
			name: "an issuer under another name", chain: []*pair{renamed}, anchors: []*pair{root},
			reason: "chain_invalid", candidates: []*pair{root},
			goText: "signed by unknown authority", opensslError: "20",
		}, {
			name: "a key that Go's TLS refuses", chain: []*pair{huge, issuing}, anchors: []*pair{root},
			reason: "chain_invalid",
			goText: "", // crypto/tls refuses it, crypto/x509 does not
		},
	}
}

// reidentified is the same CA with another subject key id, as a CA gets that is
// exported and built anew.
func reidentified(p *pair) *pair {
	return p.Renewed(certtest.NoKeyIDs(), certtest.Extension(pkix.Extension{
		Id: asn1.ObjectIdentifier{2, 5, 29, 14}, Value: []byte{4, 4, 1, 2, 3, 4},
	}))
}

func hugeKey(bits uint) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
}

func TestBreaksAreFoundBesideGoAndOpenSSL(t *testing.T) {
	for _, c := range breakCases() {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "a self-signed root with SHA-1" {
				c.anchors = []*pair{c.chain[0].Issuer}
			}
			if c.broken == nil && c.reason != "" {
				c.broken = c.chain[0]
			}
			chain := certtest.Chain(c.chain...)
			got := certificate.Judge(chain, set(c.anchors...), set(c.known...))
			checkVerdict(t, "Judge", got, c.reason, c)
			if err := goVerify(c); (err == nil) != (c.goText == "") || (err != nil && !strings.Contains(err.Error(), c.goText)) {
				t.Errorf("Go says %v, want %q", err, c.goText)
			} else if err != nil && !got.OK && !strings.Contains(got.Detail, err.Error()) {
				t.Errorf("the detail %q lacks Go's text %q", got.Detail, err)
			}

			t.Log(got.Detail)
			want := c.opensslReason
			if want == "" {
				want = c.reason
			}
			gotOpenSSL := certificate.JudgeOpenSSL(chain, set(c.anchors...), set(c.known...))
			if gotOpenSSL.OK != (want == "") || gotOpenSSL.Reason != want {
				t.Errorf("JudgeOpenSSL says %v %q, want %q: %s", gotOpenSSL.OK, gotOpenSSL.Reason, want, gotOpenSSL.Detail)
			}
			if number, ok := openssl(t, c.chain, c.anchors); ok && number != c.opensslError {
				t.Errorf("openssl says %q, want %q", number, c.opensslError)
			}
		})
	}
}

func checkVerdict(t *testing.T, who string, got evidence.ChainVerdict, reason string, c breakCase) {
	t.Helper()
	if got.OK != (reason == "") || got.Reason != reason {
		t.Fatalf("%s says %v %q, want %q: %s", who, got.OK, got.Reason, reason, got.Detail)
	}
	if got.OK {
		if len(got.Paths) == 0 {
			t.Errorf("%s names no path", who)
		}
		return
	}
	if got.Break != c.broken.Fingerprint() {
		t.Errorf("%s sees the break elsewhere: %s", who, got.Detail)
	}
	if want := certificate.Facts(c.broken.Certificate).Issuer; got.Issuer != want {
		t.Errorf("%s looked for issuer %q, want %q", who, got.Issuer, want)
	}
	if diff := cmp.Diff(fingerprints(c.candidates...), got.Candidates); diff != "" {
		t.Errorf("%s names other candidates (-want +got):\n%s\n%s", who, diff, got.Detail)
	}
	if got.Detail == "" {
		t.Errorf("%s gives no detail", who)
	}
}

func TestOpenSSLVerdictsNameWhatTheStoreLacks(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	policy := root.Intermediate("Corp Policy CA")
	issuing := policy.Intermediate("Corp Issuing CA")
	leaf := issuing.Leaf("harbor.corp.example")
	for _, c := range []struct {
		name           string
		chain          []*pair
		anchors, known []*pair
		broken         *pair
		candidates     []*pair
	}{
		{"the trusted intermediate's root is known", []*pair{leaf, issuing, policy}, []*pair{policy}, []*pair{root}, policy, []*pair{root}},
		{"the trusted intermediate's root is unknown", []*pair{leaf, issuing, policy}, []*pair{policy}, nil, policy, nil},
		{"the CA between two trusted ones was sent", []*pair{leaf, issuing, policy}, []*pair{issuing, root}, nil, issuing, []*pair{policy}},
		{"two trusted intermediates", []*pair{leaf}, []*pair{issuing, policy}, []*pair{root}, policy, []*pair{root}},
		{"a trusted leaf", []*pair{leaf}, []*pair{leaf}, []*pair{issuing}, leaf, []*pair{issuing}},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain := certtest.Chain(c.chain...)
			if v := certificate.Judge(chain, set(c.anchors...), set(c.known...)); !v.OK {
				t.Errorf("Judge says %s", v.Detail)
			}
			v := certificate.JudgeOpenSSL(chain, set(c.anchors...), set(c.known...))
			checkVerdict(t, "JudgeOpenSSL", v, "root_absent", breakCase{broken: c.broken, candidates: c.candidates})
			if !strings.Contains(v.Detail, "Go accepts") || strings.Contains(v.Detail, "Go says") {
				t.Errorf("the detail is %q", v.Detail)
			}
		})
	}
}

func TestUnknownIssuersAreNamedAsFarAsTheyCanBe(t *testing.T) {
	m := certtest.New(at)
	root, other := m.Root("Corp Root CA"), m.Root("Unrelated CA")
	withAIA := root.Leaf("harbor.corp.example", certtest.CAIssuers("http://user:hunter22@pki.corp.example/ca.crt", "http://b.example", "http://c.example"))
	v := certificate.Judge(certtest.Chain(withAIA), set(other), nil)
	if v.Reason != "server_omits_intermediate" || !strings.Contains(v.Detail, "http://pki.corp.example/ca.crt, http://b.example") || strings.Contains(v.Detail, "hunter22") || strings.Contains(v.Detail, "c.example") {
		t.Errorf("the verdict is %+v", v)
	}
	// A root of that name, with another key, says that the name is a root's.
	v = certificate.Judge(certtest.Chain(withAIA), set(other), set(root.Rekeyed()))
	if v.Reason != "root_absent" || len(v.Candidates) != 1 || !strings.Contains(v.Detail, "another key") {
		t.Errorf("the verdict is %+v", v)
	}
}

// goVerify is Go's own verdict, made without our code.
func goVerify(c breakCase) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, p := range c.anchors {
		roots.AddCert(p.Certificate)
	}
	for _, p := range c.chain[1:] {
		intermediates.AddCert(p.Certificate)
	}
	_, err := c.chain[0].Certificate.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: at})
	return err
}
