package certificate_test

import (
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// worlds is how many random PKIs with times, names and constraints are judged.
const worlds = 600

// hostNames are what servers are called here, and what they are asked for.
var hostNames = []string{ //nolint:gochecknoglobals // a table
	"harbor.corp.example", "HARBOR.corp.example", "a.b.corp.example", "corp.example", "*.corp.example", "harbor.lab.example", "xn--bcher-kva.example",
	"10.1.2.3", "10.9.9.9", "fd00::1",
}

// A world is a tree whose certificates have random times, names and constraints.
type world struct {
	tree
	moments []time.Time
}

// randomWorld makes the same PKI twice: with its times, and as if they all were
// valid. Everything else is equal in both, keys included.
func randomWorld(seed uint64, dated bool) world {
	r := rand.New(rand.NewPCG(seed, 2))
	m := certtest.Seeded(at, fmt.Sprint("world ", seed))
	var moments []time.Time
	times := func(opts []certtest.Option) []certtest.Option {
		from := at.AddDate(0, 0, -r.IntN(900))
		until := from.AddDate(0, 0, 1+r.IntN(1500))
		moments = append(moments, from, from.Add(-time.Second), until, until.Add(time.Second))
		if dated && r.IntN(3) > 0 {
			opts = append(opts, certtest.Validity(from, until))
		} else if !dated {
			_ = r.IntN(3)
		}
		return opts
	}
	constraint := func() []certtest.Option { return times(randomConstraint(r)) }
	authorities := []*pair{m.Root("CA 0", constraint()...), m.Root("CA 1", constraint()...)}
	for i := range 3 + r.IntN(4) {
		parent := authorities[max(r.IntN(len(authorities)), r.IntN(len(authorities)))] // deep rather than broad
		switch r.IntN(6) {
		case 0:
			authorities = append(authorities, parent.Rekeyed(constraint()...))
		case 1:
			authorities = append(authorities, parent.Renewed(constraint()...))
		case 2:
			authorities = append(authorities, parent.CrossSigned(authorities[r.IntN(len(authorities))], constraint()...))
		default:
			authorities = append(authorities, parent.Intermediate(fmt.Sprintf("CA %d", i+2), constraint()...))
		}
	}
	leaf := authorities[max(r.IntN(len(authorities)), r.IntN(len(authorities)))].Leaf(hostNames[r.IntN(len(hostNames))], times(randomNames(r))...)
	pick := func(outOf int) []*pair {
		var out []*pair
		for _, i := range r.Perm(len(authorities)) {
			if r.IntN(outOf) > 0 {
				out = append(out, authorities[i])
			}
		}
		return out
	}
	w := world{tree: tree{chain: append([]*pair{leaf}, pick(4)...), anchors: pick(2), known: pick(3)}, moments: append(moments, at)}
	if r.IntN(20) == 0 {
		w.anchors = append(w.anchors, leaf)
	}
	return w
}

func randomConstraint(r *rand.Rand) []certtest.Option {
	switch r.IntN(24) {
	case 0:
		return []certtest.Option{certtest.NotCA()}
	case 1, 2, 15:
		return []certtest.Option{certtest.PathLength(r.IntN(2))}
	case 3:
		return []certtest.Option{certtest.ExtendedKeyUsage(x509.ExtKeyUsageClientAuth)}
	case 4:
		return []certtest.Option{certtest.ExtendedKeyUsage(x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth)}
	case 5:
		return []certtest.Option{certtest.ExtendedKeyUsage(x509.ExtKeyUsageAny)}
	case 6:
		return []certtest.Option{certtest.PermittedDomains("corp.example", "10.example")}
	case 7:
		return []certtest.Option{certtest.PermittedDomains("lab.example")}
	case 8:
		return []certtest.Option{certtest.ExcludedDomains("b.corp.example")}
	case 9:
		return []certtest.Option{certtest.PermittedDomains("corp.example"), certtest.ExcludedDomains("harbor.corp.example")}
	case 10:
		return []certtest.Option{certtest.PermittedIPs("10.1.0.0/16", "fd00::/8")}
	case 11:
		return []certtest.Option{certtest.ExcludedIPs("10.9.0.0/16", "fd00::/64")}
	case 12:
		return []certtest.Option{certtest.NoKeyIDs()}
	case 13:
		return []certtest.Option{certtest.KeyUsage(x509.KeyUsageCRLSign)}
	case 14:
		return []certtest.Option{certtest.SHA1()}
	default:
		return nil
	}
}

func randomNames(r *rand.Rand) []certtest.Option {
	switch r.IntN(10) {
	case 0:
		return []certtest.Option{certtest.NoSAN()}
	case 1:
		return []certtest.Option{certtest.Names("harbor.corp.example", "harbor.lab.example")}
	case 2:
		return []certtest.Option{certtest.Names("*.corp.example"), certtest.IPs("10.1.2.3")}
	case 3:
		return []certtest.Option{certtest.IPs("10.1.2.3", "10.9.9.9")}
	case 4:
		return []certtest.Option{certtest.ExtendedKeyUsage(x509.ExtKeyUsageClientAuth)}
	case 5:
		return []certtest.Option{certtest.ExtendedKeyUsage()}
	default:
		return nil
	}
}

// goSays is Go's verdict on a world at a moment; host may be "".
func (w world) goSays(moment time.Time, host string) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, p := range w.anchors {
		roots.AddCert(p.Certificate)
	}
	for _, p := range w.chain[1:] {
		intermediates.AddCert(p.Certificate)
	}
	_, err := w.chain[0].Certificate.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: moment, DNSName: host})
	return err
}

// validAt tells whether a path of a verdict is valid at a moment, as policies ask.
func (w world) validAt(v evidence.ChainVerdict, moment time.Time) bool {
	certs := map[string]*x509.Certificate{}
	for _, p := range slices.Concat(w.chain, w.anchors) {
		certs[p.Fingerprint()] = p.Certificate
	}
	return slices.ContainsFunc(v.Paths, func(path []string) bool {
		return !slices.ContainsFunc(path, func(fingerprint string) bool {
			c := certs[fingerprint]
			return moment.Before(c.NotBefore) || moment.After(c.NotAfter)
		})
	})
}

// TestWorldsAgreeWithGo holds verdicts against Go's verifier: without time by a twin
// of the PKI that is valid throughout, at every moment at which a certificate begins
// or ends by the paths that a verdict names, and for every host by its name.
func TestWorldsAgreeWithGo(t *testing.T) {
	count := map[string]int{}
	for seed := range uint64(worlds) {
		w, twin := randomWorld(seed, true), randomWorld(seed, false)
		got := certificate.Judge(certtest.Chain(w.chain...), set(w.anchors...), set(w.known...))
		err := twin.goSays(at, "")
		if got.OK != (err == nil) {
			t.Errorf("world %d: Judge says %v %s, Go says %v", seed, got.OK, got.Detail, err)
		}
		count["reason "+got.Reason]++
		checkShape(t, seed, got, w.tree)

		for _, moment := range w.moments {
			valid, err := w.validAt(got, moment), w.goSays(moment, "")
			switch {
			case valid == (err == nil):
				count[fmt.Sprint("moments: ", valid)]++
			case !valid && len(got.Paths) == 4:
				count["moments: only a path beyond the four named"]++
			default:
				t.Errorf("world %d at %v: paths valid %v, Go says %v", seed, moment, valid, err)
			}
		}
		checkNames(t, seed, w, got, count)
	}
	t.Log(count)
	for _, wanted := range []string{
		"reason ", "reason name_constraint", "reason path_length", "reason wrong_key_usage", "reason issuer_not_ca", "reason root_absent",
		"moments: true", "moments: false", "names: true", "names: false",
	} {
		if count[wanted] < 5 {
			t.Errorf("%q was met %d times: the worlds are too tame", wanted, count[wanted])
		}
	}
	// The paths named are those valid the longest, so that the fifth rarely matters.
	if beyond := count["moments: only a path beyond the four named"]; beyond > worlds/100 {
		t.Errorf("%d moments wanted a fifth path", beyond)
	}
}

func checkNames(t *testing.T, seed uint64, w world, v evidence.ChainVerdict, count map[string]int) {
	t.Helper()
	leaf := w.chain[0].Certificate
	for _, host := range append(hostNames, "[fd00::1]", "harbor.corp.example.", "x.harbor.corp.example", "") {
		name := certificate.JudgeName(leaf, host)
		if err := leaf.VerifyHostname(host); name.OK != (err == nil) || (name.Reason == "") != name.OK {
			t.Errorf("world %d: host %q: JudgeName says %+v, Go says %v", seed, host, name, err)
		}
		count[fmt.Sprint("names: ", name.OK)]++
		if host == "" {
			continue // for Verify that means any
		}
		if err := w.goSays(at, host); len(v.Paths) < 4 && (name.OK && w.validAt(v, at)) != (err == nil) {
			t.Errorf("world %d: host %q: name %v, chain %v, Go says %v", seed, host, name.OK, v.OK, err)
		}
	}
}
