package certificate_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func newBuilder() *evidence.Builder {
	return evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "test"}, at)
}

// present records a chain as the handshake collector does.
func present(b *evidence.Builder, endpoint string, chain ...*pair) string {
	certs := certtest.Chain(chain...)
	fingerprints := certificate.Record(b, certs...)
	key := evidence.ChainKey(fingerprints)
	described := certificate.Describe(certs, strings.Split(endpoint, ":")[0])
	b.Record(func(d *evidence.Document) {
		d.Endpoints[endpoint] = evidence.Endpoint{Chains: map[string]evidence.Chain{key: described}}
	})
	return key
}

// configure records a trust entry as the secrets collector does.
func configure(b *evidence.Builder, domain, name string, raw []byte) {
	content, certs := certificate.Examine(raw)
	certificate.Record(b, certs...)
	b.Record(func(d *evidence.Document) {
		d.Trust[domain+"/"+name] = evidence.TrustEntry{Domain: domain, Name: name, Resolved: true, Value: &content}
	})
}

func TestRecordStoresEachCertificateOnce(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	leaf := root.Leaf("harbor.corp.example")
	b := newBuilder()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got := certificate.Record(b, leaf.Certificate, nil, root.Certificate, leaf.Certificate)
			if diff := cmp.Diff(fingerprints(leaf, root, leaf), got); diff != "" {
				t.Errorf("fingerprints (-want +got):\n%s", diff)
			}
		})
	}
	wg.Wait()
	if d := b.Build("cancelled"); len(d.Certificates) != 2 || d.Certificates[root.Fingerprint()].CommonName != "Corp Root CA" {
		t.Errorf("the document holds %v", d.Certificates)
	}
}

func TestSettleJudgesEveryChainAgainstEveryStore(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	issuing := root.Intermediate("Corp Issuing CA")
	leaf := issuing.Leaf("harbor.corp.example")
	stale := root.Rekeyed()

	b := newBuilder()
	full := present(b, "harbor.corp.example:443", leaf, issuing)
	short := present(b, "mirror.corp.example:443", leaf)
	configure(b, evidence.DomainWorkload, "corp", encode(root.PEM()))
	configure(b, evidence.DomainKapp, "corp", stale.PEM())
	b.Record(func(d *evidence.Document) {
		d.Domains[evidence.DomainSupervisor] = evidence.Domain{}
		d.Trust["workload/elsewhere"] = evidence.TrustEntry{Domain: evidence.DomainWorkload, AppliesToNone: true}
		d.Trust["workload/unresolved"] = evidence.TrustEntry{Domain: evidence.DomainWorkload, Reason: "key_not_found"}
	})
	node := b.TrustStore(evidence.VerifierGo, fingerprints(issuing))
	nodeOpenSSL := b.TrustStore(evidence.VerifierOpenSSL, fingerprints(issuing))
	certificate.Settle(b)
	d := b.Build("cancelled")

	workload := d.Domains[evidence.DomainWorkload]
	if diff := cmp.Diff([]string{"workload/corp", "workload/unresolved"}, workload.Entries); diff != "" {
		t.Errorf("entries of the workload domain (-want +got):\n%s", diff)
	}
	wantStore := evidence.TrustStore{Anchors: fingerprints(root), Verifier: evidence.VerifierConfigured}
	if diff := cmp.Diff(wantStore, d.TrustStores[workload.TrustStore]); diff != "" {
		t.Errorf("the workload store (-want +got):\n%s", diff)
	}
	supervisor := d.Domains[evidence.DomainSupervisor]
	if store, ok := d.TrustStores[supervisor.TrustStore]; !ok || len(store.Anchors) != 0 {
		t.Errorf("the store of a domain without entries is %+v", store)
	}
	if verdict := d.Endpoints["harbor.corp.example:443"].Chains[full].Verdicts[supervisor.TrustStore]; verdict.OK || verdict.Reason != "no_anchors" {
		t.Errorf("the verdict of a domain that trusts nothing is %+v", verdict)
	}
	if store := d.TrustStores[d.PublicStore]; store.Verifier != evidence.VerifierPublic || len(store.Anchors) != certificate.PublicRoots().Len() {
		t.Errorf("the public store has %d anchors for %q", len(store.Anchors), store.Verifier)
	}

	fullVerdicts := d.Endpoints["harbor.corp.example:443"].Chains[full].Verdicts
	shortVerdicts := d.Endpoints["mirror.corp.example:443"].Chains[short].Verdicts
	if len(fullVerdicts) != len(d.TrustStores) || len(shortVerdicts) != len(d.TrustStores) {
		t.Fatalf("%d and %d verdicts for %d stores", len(fullVerdicts), len(shortVerdicts), len(d.TrustStores))
	}
	for store, want := range map[string][2]string{
		workload.TrustStore:                       {"", "server_omits_intermediate"},
		d.Domains[evidence.DomainKapp].TrustStore: {"issuer_rekeyed", "server_omits_intermediate"},
		d.PublicStore:                             {"root_absent", "server_omits_intermediate"},
		node:                                      {"", ""},
		nodeOpenSSL:                               {"root_absent", "root_absent"},
	} {
		got := [2]string{fullVerdicts[store].Reason, shortVerdicts[store].Reason}
		if got != want || fullVerdicts[store].OK != (want[0] == "") {
			t.Errorf("store %s gives %q, want %q", store, got, want)
		}
	}
	if v := shortVerdicts[workload.TrustStore]; !slices.Equal(v.Candidates, fingerprints(issuing)) {
		t.Errorf("the missing intermediate is not named: %+v", v)
	}
	if diff := cmp.Diff([][]string{fingerprints(leaf, issuing, root)}, fullVerdicts[workload.TrustStore].Paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestSettleRecordsThePublicRootsThatVerdictsName(t *testing.T) {
	var public []string
	public = append(public, certificate.PublicRoots().Fingerprints()...)
	root := certificate.PublicRoots().Get(public[0])
	b := newBuilder()
	certificate.Record(b, root)
	b.Record(func(d *evidence.Document) {
		// The node names its public roots by fingerprint alone.
		d.Certificates = map[string]evidence.Certificate{}
	})
	key := evidence.ChainKey(public[:1])
	b.Record(func(d *evidence.Document) {
		d.Endpoints["root.example:443"] = evidence.Endpoint{Chains: map[string]evidence.Chain{key: {Certificates: public[:1]}}}
	})
	node := b.TrustStore(evidence.VerifierGo, public)
	certificate.Settle(b)
	d := b.Build("cancelled")
	if v := d.Endpoints["root.example:443"].Chains[key].Verdicts[node]; !v.OK {
		t.Errorf("the verdict is %+v", v)
	}
	if facts, ok := d.Certificates[public[0]]; !ok || !facts.PublicRoot || len(d.Certificates) != 1 {
		t.Errorf("the document holds %d certificates", len(d.Certificates))
	}
}

func TestSettleKeepsVerdictsThatItCannotMake(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	leaf := root.Leaf("harbor.corp.example")
	other := m.Root("Other Root CA")
	old := map[string]evidence.ChainVerdict{"go:0": {OK: true, Detail: "as it was"}}

	b := newBuilder()
	key := present(b, "harbor.corp.example:443", leaf)
	b.Record(func(d *evidence.Document) {
		chain := d.Endpoints["harbor.corp.example:443"].Chains[key]
		chain.Verdicts = old
		d.Endpoints["harbor.corp.example:443"].Chains[key] = chain
		facts := d.Certificates[leaf.Fingerprint()]
		facts.PEM = ""
		d.Certificates[leaf.Fingerprint()] = facts
	})
	certificate.Settle(b)
	if got := b.Build("cancelled").Endpoints["harbor.corp.example:443"].Chains[key].Verdicts; len(got) != 1 || got["go:0"].Detail != "as it was" {
		t.Errorf("the verdicts on a chain without PEM became %v", got)
	}

	b = newBuilder()
	key = present(b, "harbor.corp.example:443", leaf)
	certificate.Record(b, root.Certificate)
	incomplete := b.TrustStore(evidence.VerifierGo, append(fingerprints(other), "unread"))
	enough := b.TrustStore(evidence.VerifierGo, append(fingerprints(root), "unread"))
	certificate.Settle(b)
	verdicts := b.Build("cancelled").Endpoints["harbor.corp.example:443"].Chains[key].Verdicts
	if _, ok := verdicts[incomplete]; ok {
		t.Error("a chain was refused for a store whose anchors are not all known")
	}
	if !verdicts[enough].OK {
		t.Error("a path to a known anchor of an incomplete store was not found")
	}
}

func TestSettledDocumentsAreEqualToTheByte(t *testing.T) {
	story := func() []byte {
		b := newBuilder()
		for seed := range uint64(12) {
			tr := randomTree(seed)
			present(b, fmt.Sprintf("r%d.corp.example:443", seed), tr.chain...)
			b.TrustStore(evidence.VerifierGo, certificate.Record(b, certtest.Chain(tr.anchors...)...))
			b.TrustStore(evidence.VerifierOpenSSL, fingerprints(tr.anchors...))
			configure(b, evidence.DomainWorkload, fmt.Sprint(seed), certtest.Bundle(tr.known...))
		}
		certificate.Settle(b)
		out, err := evidence.Encode(b.Build("cancelled"))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := story()
	for range 3 {
		if !bytes.Equal(first, story()) {
			t.Fatal("two runs gave different documents")
		}
	}
}

func TestSettleDoesNothingToAnEmptyDocument(t *testing.T) {
	b := newBuilder()
	certificate.Settle(b)
	d := b.Build("cancelled")
	if len(d.Certificates) != 0 || len(d.Domains) != 0 || len(d.TrustStores) != 1 {
		t.Errorf("the document is %+v", d)
	}
}

func TestHostileChainsCostLittle(t *testing.T) {
	m := certtest.New(at)
	// Ten thousand issuers of one name, each with another key.
	ring := make([]*x509.Certificate, 0, 10_001)
	first := m.Root("Ring CA")
	leaf := first.Leaf("harbor.corp.example")
	ring = append(ring, leaf.Certificate)
	variants := make([]*x509.Certificate, 0, 60)
	for i := range 60 {
		variants = append(variants, first.Rekeyed(certtest.IssuerNamed("Ring CA"), certtest.Serial(int64(i+1))).Certificate)
	}
	for len(ring) < cap(ring) {
		ring = append(ring, variants[len(ring)%len(variants)])
	}
	anchors, known := certificate.NewSet(variants...), certificate.NewSet(variants...)
	for range 20 {
		if v := certificate.Judge(ring, anchors, known); v.OK || v.Reason == "" {
			t.Fatalf("the verdict is %+v", v)
		}
		certificate.JudgeOpenSSL(ring, anchors, known)
	}
	if d := certificate.Describe(ring, "harbor.corp.example"); len(d.Certificates) != certificate.MaxChain {
		t.Errorf("%d certificates are described", len(d.Certificates))
	}
}
