package main

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

const host = "harbor.corp.example"

func TestAgreedCases(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("R")
	issuing := root.Intermediate("I")
	leaf := issuing.Leaf(host)
	suite := suiteOf(
		t,
		served("good", success, host, root, leaf, issuing),
		served("no name asked for", success, "", root, leaf, issuing),
		served("an address", success, "10.1.2.3", root, issuing.Leaf("10.1.2.3"), issuing),
		served("now", success, host, root, leaf, issuing).with("validation_time", nil),
		served("another name", failure, "other.corp.example", root, leaf, issuing),
		served("expired", failure, host, root, issuing.Leaf(host, certtest.Expired()), issuing),
		served("another root", failure, host, m.Root("S"), leaf, issuing),
		served("no intermediate", failure, host, root, leaf),
		served("unreadable", failure, host, root, leaf).with("peer_certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		served("an unreadable anchor beside a good one", success, host, root, leaf, issuing).with("trusted_certs", append(text(root), "junk")),
		served("client", failure, host, root, leaf).with("validation_kind", "CLIENT"),
	)
	out, err := judged(t, suite)
	for _, want := range []string{"10 cases of servers' chains were judged, 1 of clients'", "1 peers' certificates neither", "expects the same of 10 cases"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v, without %q:\n%s", err, want, out)
		}
	}
}

func extensionOf(critical bool, id string, value ...byte) certtest.Option {
	oid := map[string]asn1.ObjectIdentifier{oidKeyUsage: {2, 5, 29, 15}, oidNameConstraints: {2, 5, 29, 30}, oidAuthorityKeyID: {2, 5, 29, 35}, oidExtendedKeyUsage: {2, 5, 29, 37}}[id]
	return certtest.Extension(pkix.Extension{Id: oid, Critical: critical, Value: value})
}

// classCases has cases of every class, in the order of the classes.
func classCases() [][]entry {
	m := certtest.New(at)
	root := m.Root("R")
	issuing := root.Intermediate("I")
	lax := func(id string, anchor *certtest.Pair, chain ...*certtest.Pair) entry {
		return served(id, failure, chain[0].Certificate.DNSNames[0], anchor, chain...)
	}
	var names []string
	for i := range 1024 {
		names = append(names, fmt.Sprintf("n%d.corp.example", i))
	}
	constrained := m.Root("C", certtest.PermittedDomains(names...))
	short := m.Root("P", certtest.PathLength(0))
	rekeyed := short.Rekeyed().CrossSigned(short)
	nameless := m.Root("", certtest.Subject(pkix.Name{}))
	dotted := m.Root("E", certtest.PermittedDomains(".corp.example"))
	narrow := m.Root("D", certtest.PermittedDomains("corp.example"))
	renamed := m.Root("D").CrossSigned(narrow, certtest.Names("other.example"))
	ofDirectory := m.Root("X", extensionOf(true, oidNameConstraints, 0x30, 0x08, 0xa0, 0x06, 0x30, 0x04, 0xa4, 0x02, 0x30, 0x00))
	ending := root.Leaf(host, certtest.Validity(at.AddDate(0, 0, -1), at))
	return [][]entry{
		{lax("crl", root, root.Leaf(host)).with("crls", []string{"a list"})},
		{lax("depth", root, issuing.Leaf(host), issuing).with("max_chain_depth", 0)},
		{lax("dos", constrained, constrained.Leaf(names[0], certtest.Names(names...)))},
		{
			lax("webpki::leaf", root, root.Intermediate("L", certtest.Names(host), certtest.ExtendedKeyUsage(x509.ExtKeyUsageServerAuth))),
			lax("leaf may sign", root, root.Leaf(host, certtest.KeyUsage(x509.KeyUsageCertSign))),
		},
		{lax("no subject", nameless, nameless.Leaf(host))},
		{lax("no ids", root, root.Leaf(host, certtest.NoKeyIDs()))},
		{lax("critical usage", root, root.Leaf(host, certtest.ExtendedKeyUsage(), extensionOf(true, oidExtendedKeyUsage, 0x30, 0x0a, 0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 1)))},
		{
			lax("empty usage", root, root.Leaf(host, certtest.ExtendedKeyUsage(), extensionOf(false, oidExtendedKeyUsage, 0x30, 0x00))),
			lax("any usage", root, root.Leaf(host, certtest.ExtendedKeyUsage(x509.ExtKeyUsageAny))).with("features", []string{"pedantic-webpki-eku"}),
		},
		{lax("serial", root, root.Leaf(host, certtest.SerialNumber(new(big.Int).Lsh(big.NewInt(1), 160))))},
		{lax("key", root, root.Leaf(host, certtest.RSA(1024)))},
		{
			lax("underscore", root, root.Leaf("a_b.corp.example")),
			lax("dot", dotted, dotted.Leaf(host)),
		},
		{lax("webpki::cn::other", root, root.Leaf(host, certtest.Names("other.corp.example")))},
		{lax("suffix", root, root.Leaf("h.example", certtest.Names("h.example", "*.example"))).with("features", []string{"pedantic-public-suffix-wildcard"})},
		{
			served("self-issued and path length", success, host, short, rekeyed.Leaf(host), rekeyed),
			served("self-issued and names", success, host, narrow, renamed.Leaf(host), renamed),
		},
		{served("directory names", success, host, ofDirectory, ofDirectory.Leaf(host))},
		{served("half a second late", success, host, root, ending).with("validation_time", at.Add(time.Second/2).Format(time.RFC3339Nano))},
	}
}

func TestDifferencesHaveNames(t *testing.T) {
	cases := classCases()
	if len(cases) != len(classes) {
		t.Fatalf("%d kinds of cases for %d classes", len(cases), len(classes))
	}
	for i, class := range classes {
		for _, c := range cases[i] {
			t.Run(fmt.Sprint(c["id"]), func(t *testing.T) {
				out, err := judged(t, suiteOf(t, c))
				if want := fmt.Sprintf("%6d %s: %s\n", 1, class.verb(), class.name); err != nil || !strings.Contains(out, want) {
					t.Errorf("%v, without %q:\n%s", err, want, out)
				}
			})
		}
	}
}

func TestFaultsFailTheRun(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("R")
	leaf := root.Leaf(host)
	for _, c := range []struct {
		name, want string
		entry      entry
	}{
		{"good and to be refused", "a difference without a name", served("a", failure, host, root, leaf)},
		{"bad and to be accepted", "a difference without a name", served("a", success, host, m.Root("S"), leaf)},
		{"unreadable and to be accepted", "cannot be read", served("a", success, host, root, leaf).with("peer_certificate", "junk")},
		{"a class that is no cause", "the suite accepts it, although it has", served("a", success, host, root, root.Leaf(host, certtest.NoKeyIDs()))},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := judged(t, suiteOf(t, c.entry))
			if err == nil || !strings.Contains(out, c.want) || strings.Contains(out, "every difference") {
				t.Errorf("%v, want a fault %q:\n%s", err, c.want, out)
			}
		})
	}
}

// A verdict other than Go's is a fault, whatever the suite expects.
func TestDisagreementIsAFault(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("R")
	leaf := root.Leaf(host)
	p, err := testcase{ID: "a", Peer: string(leaf.PEM()), Trusted: text(root), Expected: failure}.read()
	if err != nil {
		t.Fatal(err)
	}
	if moments, faults := p.disagreements(at); moments < 5 || len(faults) != 0 {
		t.Errorf("%d moments, faults %q", moments, faults)
	}
	p.verdict.Paths = nil
	if _, faults := p.disagreements(at); len(faults) == 0 || !strings.Contains(faults[0], "crypto/x509 says") {
		t.Errorf("faults %q", faults)
	}
}

func TestEndlessJudgingIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	if _, ok := within(time.Millisecond, func() outcome { <-release; return outcome{} }); ok {
		t.Error("it was waited for")
	}
	if o, ok := within(time.Minute, func() outcome { return outcome{moments: 3} }); !ok || o.moments != 3 {
		t.Errorf("got %+v, %v", o, ok)
	}
}
