package certificate

import (
	"crypto/x509"
	"encoding/pem"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Settle completes a document when all collectors are done: it makes one
// configured store per trust domain that has entries, names the store of the
// public roots, judges every endpoint's chain against every trust store, and
// records the certificates that a verdict names. It needs the PEM text of the
// certificates: verdicts on a chain that lacks it, and verdicts other than "ok"
// against a store that lacks it, stay as they are.
func Settle(b *evidence.Builder) {
	settleDomains(b)
	settlePublicStore(b)
	verdicts, named := judgeAll(takeSnapshot(b))
	Record(b, named...)
	b.Record(func(d *evidence.Document) {
		for _, e := range d.Endpoints {
			for key, chain := range e.Chains {
				if chain.Verdicts == nil {
					chain.Verdicts = map[string]evidence.ChainVerdict{}
					e.Chains[key] = chain
				}
				maps.Copy(chain.Verdicts, verdicts[evidence.ChainKey(chain.Certificates)])
			}
		}
	})
}

// settleDomains makes the store of each domain from all that its entries hold,
// whatever the number of layers around it. An entry that reaches no cluster is no
// part of it, and a domain that has no entry trusts nothing: its store is empty.
func settleDomains(b *evidence.Builder) {
	entries := map[string][]string{}
	anchors := map[string][]string{}
	b.View(func(d *evidence.Document) {
		for domain := range d.Domains {
			entries[domain] = []string{}
		}
		for key, e := range d.Trust {
			if e.AppliesToNone {
				continue
			}
			entries[e.Domain] = append(entries[e.Domain], key)
			if e.Resolved && e.Value != nil {
				anchors[e.Domain] = append(anchors[e.Domain], e.Value.Certificates...)
			}
		}
	})
	for _, domain := range slices.Sorted(maps.Keys(entries)) {
		slices.Sort(entries[domain])
		settled := evidence.Domain{
			TrustStore: b.TrustStore(evidence.VerifierConfigured, anchors[domain]),
			Entries:    entries[domain],
		}
		b.Record(func(d *evidence.Document) { d.Domains[domain] = settled })
	}
}

func settlePublicStore(b *evidence.Builder) {
	key := b.TrustStore(evidence.VerifierPublic, slices.Collect(maps.Keys(publicRootIDs())))
	b.Record(func(d *evidence.Document) { d.PublicStore = key })
}

// snapshot is what there is to judge: each distinct chain and each store once.
type snapshot struct {
	pems   map[string]string   // of the document's certificates, by fingerprint
	chains map[string][]string // fingerprints by ChainKey
	stores map[string]evidence.TrustStore
}

// takeSnapshot copies what judging needs, so that it can be done without the lock.
func takeSnapshot(b *evidence.Builder) snapshot {
	snap := snapshot{pems: map[string]string{}, chains: map[string][]string{}}
	b.View(func(d *evidence.Document) {
		snap.stores = maps.Clone(d.TrustStores)
		for fingerprint, c := range d.Certificates {
			snap.pems[fingerprint] = c.PEM
		}
		for _, e := range d.Endpoints {
			for _, chain := range e.Chains {
				snap.chains[evidence.ChainKey(chain.Certificates)] = chain.Certificates
			}
		}
	})
	return snap
}

// resolver finds the certificates of a snapshot by fingerprint, each parsed once.
type resolver struct {
	members    map[string]*member
	known      *Set
	stores     map[string]store
	signatures *signatureCache
}

type store struct {
	anchors  *Set
	verifier string
	complete bool // every anchor could be had
}

func newResolver(snap snapshot) *resolver {
	r := &resolver{
		members: map[string]*member{}, known: NewSet(),
		stores: map[string]store{}, signatures: &signatureCache{},
	}
	for _, fingerprint := range slices.Sorted(maps.Keys(snap.pems)) {
		if m := parseMember(snap.pems[fingerprint]); m != nil && m.fingerprint == fingerprint {
			r.members[fingerprint] = m
			r.known.add(m)
		}
	}
	// Public roots do not stand in the document; whoever lacks one on a node is
	// told which, so they are known, too.
	for _, fingerprint := range PublicRoots().Fingerprints() {
		if r.members[fingerprint] == nil {
			r.members[fingerprint] = newMember(PublicRoots().Get(fingerprint))
		}
		r.known.add(r.members[fingerprint])
	}
	for key, s := range snap.stores {
		r.stores[key] = r.store(s)
	}
	return r
}

func parseMember(text string) *member {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return newMember(parsed)
}

func (r *resolver) store(s evidence.TrustStore) store {
	if s.Verifier == evidence.VerifierPublic {
		return store{anchors: PublicRoots(), verifier: s.Verifier, complete: true}
	}
	out := store{anchors: NewSet(), verifier: s.Verifier, complete: true}
	for _, fingerprint := range s.Anchors {
		if m := r.members[fingerprint]; m != nil {
			out.anchors.add(m)
		} else {
			out.complete = false
		}
	}
	return out
}

// chain returns the members of a chain, or nil when one of them cannot be had.
func (r *resolver) chain(fingerprints []string) []*member {
	fingerprints = fingerprints[:min(len(fingerprints), MaxChain)]
	out := make([]*member, 0, len(fingerprints))
	for _, fingerprint := range fingerprints {
		m := r.members[fingerprint]
		if m == nil {
			return nil
		}
		out = append(out, m)
	}
	return out
}

// judgeAll judges each chain of a snapshot against each of its stores. It returns
// the verdicts by chain and store, and the certificates that they name.
func judgeAll(snap snapshot) (verdicts map[string]map[string]evidence.ChainVerdict, named []*x509.Certificate) {
	verdicts = map[string]map[string]evidence.ChainVerdict{}
	if len(snap.chains) == 0 {
		return verdicts, nil
	}
	r := newResolver(snap)
	pairings := r.pairings(snap)
	results := make([]evidence.ChainVerdict, len(pairings))
	inParallel(len(pairings), func(i int) { results[i] = r.judge(pairings[i]) })
	seen := map[string]bool{}
	for i, v := range results {
		if !v.OK && !pairings[i].store.complete {
			continue
		}
		if verdicts[pairings[i].chainKey] == nil {
			verdicts[pairings[i].chainKey] = map[string]evidence.ChainVerdict{}
		}
		verdicts[pairings[i].chainKey][pairings[i].storeKey] = v
		for _, fingerprint := range fingerprintsIn(v) {
			if m := r.members[fingerprint]; m != nil && !seen[fingerprint] {
				seen[fingerprint] = true
				named = append(named, m.cert)
			}
		}
	}
	return verdicts, named
}

// fingerprintsIn are all certificates that a verdict names.
func fingerprintsIn(v evidence.ChainVerdict) []string {
	out := slices.Concat(v.Paths...)
	out = append(out, v.Candidates...)
	return append(out, v.Break)
}

// pairing is one chain to be judged against one store.
type pairing struct {
	chainKey, storeKey string
	presented          []*member
	store              store
}

func (r *resolver) pairings(snap snapshot) []pairing {
	var out []pairing
	for _, chainKey := range slices.Sorted(maps.Keys(snap.chains)) {
		presented := r.chain(snap.chains[chainKey])
		if presented == nil {
			continue
		}
		for _, storeKey := range slices.Sorted(maps.Keys(r.stores)) {
			out = append(out, pairing{chainKey, storeKey, presented, r.stores[storeKey]})
		}
	}
	return out
}

func (r *resolver) judge(p pairing) evidence.ChainVerdict {
	rule := asGo
	if p.store.verifier == evidence.VerifierOpenSSL {
		rule = asOpenSSL
	}
	return newJudgement(p.presented, p.store.anchors, r.known, r.signatures).verdict(rule)
}

// inParallel calls do(0) to do(n-1), as many at once as there are processors.
func inParallel(n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	wg.Wait()
}
