package certificate

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

var at = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// Go's root programme data trust some roots only for older certificates; the
// dates it looks at must be the real ones although verdicts leave time out.
func TestConditionsOfTheRootProgrammeAreKept(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Distrusted Root CA")
	issuing := root.Intermediate("Issuing CA")
	limit := at.AddDate(0, 0, -10)
	distrusted := newMember(root.Certificate)
	distrusted.constraint = func(chain []*x509.Certificate) error {
		for _, c := range chain {
			if c.NotBefore.After(limit) {
				return errors.New("issued after the date of distrust")
			}
		}
		return nil
	}
	anchors := NewSet()
	anchors.add(distrusted)

	older := certtest.Validity(at.AddDate(-1, 0, 0), at.AddDate(1, 0, 0))
	fresh := Judge(certtest.Chain(root.Leaf("new.example")), anchors, nil)
	if fresh.OK || fresh.Reason != "chain_invalid" || !strings.Contains(fresh.Detail, "date of distrust") || !strings.Contains(fresh.Detail, "root programme") {
		t.Errorf("a certificate issued after the date gives %+v", fresh)
	}
	if old := Judge(certtest.Chain(root.Leaf("old.example", older)), anchors, nil); !old.OK {
		t.Errorf("a certificate issued before the date gives %+v", old)
	}
	if below := Judge(certtest.Chain(issuing.Leaf("old.example", older), issuing), anchors, nil); below.OK {
		t.Error("an intermediate issued after the date counts")
	}
}

func TestSignaturesThatGoDoesNotCheck(t *testing.T) {
	m := certtest.New(at)
	rsa2048 := m.Root("RSA CA", certtest.RSA(2048))
	sha1 := rsa2048.Leaf("md5.example", certtest.SignedWith(x509.SHA1WithRSA)).Certificate
	// Go writes no MD5 signature: turn the algorithm of a SHA-1 one into it.
	md5, err := x509.ParseCertificate(bytes.ReplaceAll(sha1.Raw,
		[]byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05}, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04}))
	if err != nil {
		t.Fatal(err)
	}
	small := smallRoot(t, m)
	for _, c := range []struct {
		name   string
		leaf   *x509.Certificate
		anchor *certtest.Pair
		want   string
	}{
		{"MD5", md5, rsa2048, "MD5-RSA"},
		{"SHA-1 with RSA", sha1, rsa2048, "SHA1-RSA"},
		{"a key of 512 bits", small.leaf.Certificate, small.root, "512 bits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Judge([]*x509.Certificate{c.leaf}, NewSet(c.anchor.Certificate), nil)
			if v.OK || v.Reason != "weak_signature" || !strings.Contains(v.Detail, c.want) || v.Break != Fingerprint(c.leaf) {
				t.Errorf("the verdict is %+v", v)
			}
		})
	}
	if !Facts(small.root.Certificate).SelfSigned {
		t.Error("a root whose signature Go does not check is not taken for self-signed")
	}
}

type smallPKI struct{ root, leaf *certtest.Pair }

func smallRoot(t *testing.T, m *certtest.Maker) (p smallPKI) {
	t.Helper()
	t.Run("making a small key", func(t *testing.T) {
		t.Setenv("GODEBUG", "rsa1024min=0")
		p.root = m.Root("Small CA", certtest.RSA(512))
		p.leaf = p.root.Leaf("small.example")
	})
	return p
}

func TestKeysTooLargeAreNeverUsed(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	giant := m.Root("Giant CA", certtest.RSA(2048), certtest.PublicKey(giantKey()))
	forged := giant.Leaf("giant.example")
	start := time.Now()
	v := Judge(certtest.Chain(forged), NewSet(giant.Certificate, root.Certificate), NewSet(giant.Certificate))
	if v.OK || v.Reason != "chain_invalid" {
		t.Errorf("the verdict is %+v", v)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestPathsAreTheFourThatAreValidTogetherTheLongest(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	issuing := root.Intermediate("Corp Issuing CA", certtest.Validity(at.AddDate(0, 0, -1), at.AddDate(0, 1, 0)))
	leaf := issuing.Leaf("harbor.corp.example")
	chain := []*certtest.Pair{leaf, issuing}
	anchors := []*certtest.Pair{root}
	for _, months := range []int{5, 2, 9, 7, 3} {
		chain = append(chain, issuing.Renewed(certtest.Validity(at.AddDate(0, 0, -1), at.AddDate(0, months, 0))))
	}
	v := Judge(certtest.Chain(chain...), NewSet(certtest.Chain(anchors...)...), nil)
	var got []string
	for _, path := range v.Paths {
		got = append(got, path[1])
	}
	want := []string{chain[4].Fingerprint(), chain[5].Fingerprint(), chain[2].Fingerprint(), chain[6].Fingerprint()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("intermediates of the paths (-want +got):\n%s", diff)
	}
}

func TestNothingPresented(t *testing.T) {
	for _, chain := range [][]*x509.Certificate{nil, {}, {nil}} {
		for _, v := range []any{Judge(chain, nil, nil), JudgeOpenSSL(chain, PublicRoots(), nil)} {
			if diff := cmp.Diff(Judge(nil, nil, nil), v); diff != "" {
				t.Error(diff)
			}
		}
	}
	if v := Judge(nil, nil, nil); v.OK || v.Reason != "chain_invalid" {
		t.Errorf("the verdict is %+v", v)
	}
}

func TestLongNamesDoNotFillTheReport(t *testing.T) {
	m := certtest.New(at)
	leaf := m.Root(strings.Repeat("long ", 400)).Leaf("harbor.corp.example")
	v := Judge(certtest.Chain(leaf), NewSet(m.Root("Corp Root CA").Certificate), nil)
	if len(v.Detail) > 1600 || !strings.Contains(v.Detail, "...") {
		t.Errorf("the detail has %d bytes", len(v.Detail))
	}
}

func giantKey() *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), 200_000)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 1<<31 - 1}
}
