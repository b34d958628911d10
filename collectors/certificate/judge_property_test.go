package certificate_test

import (
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// tree is a small random PKI, a chain that a server sends and a store.
type tree struct {
	chain, anchors, known []*pair
}

func randomTree(seed uint64) tree {
	r := rand.New(rand.NewPCG(seed, 1))
	m := certtest.Seeded(at, fmt.Sprint(seed))
	flaw := func() []certtest.Option {
		switch r.IntN(14) {
		case 0:
			return []certtest.Option{certtest.NotCA()}
		case 1:
			return []certtest.Option{certtest.PathLength(r.IntN(2))}
		case 2:
			return []certtest.Option{certtest.ExtendedKeyUsage(x509.ExtKeyUsageClientAuth)}
		case 3:
			return []certtest.Option{certtest.SHA1()}
		case 4:
			return []certtest.Option{certtest.PermittedDomains("lab.example")}
		case 5:
			return []certtest.Option{certtest.NoKeyIDs()}
		default:
			return nil
		}
	}
	authorities := []*pair{m.Root("CA 0", flaw()...), m.Root("CA 1", flaw()...)}
	for i := range 4 {
		parent := authorities[r.IntN(len(authorities))]
		switch r.IntN(5) {
		case 0:
			authorities = append(authorities, parent.Rekeyed(flaw()...))
		case 1:
			authorities = append(authorities, parent.CrossSigned(authorities[r.IntN(len(authorities))], flaw()...))
		default:
			authorities = append(authorities, parent.Intermediate(fmt.Sprintf("CA %d", i+2), flaw()...))
		}
	}
	leaf := authorities[r.IntN(len(authorities))].Leaf("harbor.corp.example")
	if r.IntN(12) == 0 {
		leaf = m.SelfSigned("harbor.corp.example")
	}
	pick := func(oneIn int) []*pair {
		var out []*pair
		for _, i := range r.Perm(len(authorities)) {
			if r.IntN(oneIn) == 0 {
				out = append(out, authorities[i])
			}
		}
		return out
	}
	t := tree{chain: append([]*pair{leaf}, pick(2)...), anchors: pick(3), known: pick(3)}
	if r.IntN(12) == 0 {
		t.anchors = append(t.anchors, leaf)
	}
	return t
}

func TestJudgeAgreesWithGoOnRandomTrees(t *testing.T) {
	reasons := map[string]int{}
	for seed := range uint64(300) {
		tr := randomTree(seed)
		chain := certtest.Chain(tr.chain...)
		got := certificate.Judge(chain, set(tr.anchors...), set(tr.known...))
		err := goVerify(breakCase{chain: tr.chain, anchors: tr.anchors})
		if got.OK != (err == nil) {
			t.Errorf("tree %d: Judge says %v %s, Go says %v", seed, got.OK, got.Detail, err)
		}
		reasons[got.Reason]++
		checkShape(t, seed, got, tr)

		// The order in which stores were filled must not show.
		slices.Reverse(tr.known)
		again := certificate.Judge(chain, set(tr.anchors...), set(tr.known...))
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("tree %d: the second verdict differs:\n%s", seed, diff)
		}
		if openSSL := certificate.JudgeOpenSSL(chain, set(tr.anchors...), nil); openSSL.OK && !got.OK {
			t.Errorf("tree %d: OpenSSL's rule accepts what Go refuses", seed)
		}
	}
	t.Log(reasons)
	for _, reason := range []string{"", "server_omits_intermediate", "root_absent", "issuer_rekeyed", "issuer_not_ca", "self_signed_leaf", "no_anchors"} {
		if reasons[reason] == 0 {
			t.Errorf("no tree gave reason %q: the trees are too tame", reason)
		}
	}
}

func checkShape(t *testing.T, seed uint64, v evidence.ChainVerdict, tr tree) {
	t.Helper()
	if v.OK {
		if len(v.Paths) == 0 || len(v.Paths) > 4 || v.Reason != "" || v.Break != "" {
			t.Errorf("tree %d: a verdict that is OK looks like %+v", seed, v)
		}
		for _, path := range v.Paths {
			if path[0] != tr.chain[0].Fingerprint() || !slices.Contains(fingerprints(tr.anchors...), path[len(path)-1]) {
				t.Errorf("tree %d: path %v leads not from the leaf to an anchor", seed, path)
			}
		}
		return
	}
	all := fingerprints(slices.Concat(tr.chain, tr.anchors, tr.known)...)
	for _, named := range append(v.Candidates, v.Break) {
		if !slices.Contains(all, named) {
			t.Errorf("tree %d: %s names a certificate that is not there", seed, v.Reason)
		}
	}
	if !slices.Contains(evidence.BreakReasons, v.Reason) || v.Detail == "" || v.Issuer == "" || len(v.Paths) > 0 {
		t.Errorf("tree %d: a verdict that is not OK looks like %+v", seed, v)
	}
}

// OpenSSL follows a single path: now and then it takes the wrong one of two
// certificates of the same CA, which JudgeOpenSSL does not imitate.
func TestJudgeOpenSSLAgreesWithOpenSSLOnRandomTrees(t *testing.T) {
	const trees, tolerated = 120, 4
	differ := 0
	for seed := range uint64(trees) {
		tr := randomTree(seed)
		number, ok := openssl(t, tr.chain, tr.anchors)
		if !ok {
			return
		}
		got := certificate.JudgeOpenSSL(certtest.Chain(tr.chain...), set(tr.anchors...), set(tr.known...))
		if got.OK == (number == "") {
			continue
		}
		differ++
		t.Logf("tree %d: JudgeOpenSSL says %v %s, openssl %q", seed, got.OK, got.Detail, number)
		if !got.OK {
			t.Errorf("tree %d: openssl accepts what JudgeOpenSSL refuses", seed)
		}
	}
	if differ > tolerated {
		t.Errorf("%d of %d verdicts differ", differ, trees)
	}
}
