package certificate_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// The classes in which `openssl verify` differs from Go, and so from a verdict.
const (
	// agrees: no difference.
	agrees = "no difference"
	// partial: a leaf or an intermediate in the store is an anchor for Go, and for
	// OpenSSL with -partial_chain only.
	partial = "the anchor is no root: OpenSSL wants -partial_chain"
	// onePath: OpenSSL builds one path and refuses it, where Go tries the next one.
	// Given nothing but the certificates of Go's path it accepts them.
	onePath = "OpenSSL took another path and does not go back"
	// commonName: OpenSSL holds constraints on DNS names against a common name where
	// there is no DNS name, Go against subject alternative names alone.
	commonName = "a constraint on DNS names and a common name alone"
	// anyPurpose: a CA for any extended key usage is one for servers, for Go alone.
	anyPurpose = "a CA for any extended key usage"
	// selfIssued: a re-keyed CA that the old key signed has one name as subject and
	// issuer and no authority key id. OpenSSL takes it for signed by itself.
	selfIssued = "a self-issued certificate that another key signed"
	// wildcard: an excluded domain lies within a wildcard name. Go refuses such a
	// name, OpenSSL compares the text with its star.
	wildcard = "an excluded domain lies within a wildcard name"
)

// opensslDifference says how OpenSSL differs about a world as of the Maker's time.
func opensslDifference(t *testing.T, w world, v evidence.ChainVerdict) (class, detail string) {
	t.Helper()
	attime := []string{"-attime", fmt.Sprint(at.Unix())}
	number, _ := opensslWith(t, w.chain, w.anchors, attime...)
	valid := w.validAt(v, at)
	if valid == (number == "") {
		return agrees, ""
	}
	if !valid {
		if v.Reason == "name_constraint" && strings.Contains(v.Detail, `"*.`) && strings.Contains(v.Detail, "is excluded by constraint") {
			return wildcard, ""
		}
		return "", "openssl accepts what is refused: " + v.Reason + " " + v.Detail
	}
	attime = append(attime, "-partial_chain")
	if again, _ := opensslWith(t, w.chain, w.anchors, attime...); again == "" {
		return partial, ""
	}
	var alone []string
	for _, path := range v.Paths {
		pairs := w.pairs(path)
		again, _ := opensslWith(t, pairs[:max(1, len(pairs)-1)], pairs[len(pairs)-1:], attime...)
		if class := pathClass(pairs, again); class != "" {
			return class, ""
		}
		alone = append(alone, again)
	}
	return "", "openssl refuses what is accepted, error " + number + ", of each path alone " + fmt.Sprint(alone)
}

// pathClass says why OpenSSL refuses a path of Go's, from its error over nothing but
// that path.
func pathClass(path []*pair, number string) string {
	above := func(is func(c *x509.Certificate) bool) bool {
		return slices.ContainsFunc(path[1:], func(p *pair) bool { return is(p.Certificate) })
	}
	switch number {
	case "":
		return onePath
	case "47", "48":
		if len(path[0].Certificate.DNSNames) == 0 && above(func(c *x509.Certificate) bool { return len(c.PermittedDNSDomains)+len(c.ExcludedDNSDomains) > 0 }) {
			return commonName
		}
	case "26":
		if above(func(c *x509.Certificate) bool {
			return slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageAny})
		}) {
			return anyPurpose
		}
	case "7", "18", "19":
		if above(func(c *x509.Certificate) bool {
			return bytes.Equal(c.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(c) != nil
		}) {
			return selfIssued
		}
	}
	return ""
}

// pairs are the certificates of a path.
func (w world) pairs(path []string) []*pair {
	var out []*pair
	for _, fingerprint := range path {
		all := slices.Concat(w.chain, w.anchors)
		out = append(out, all[slices.IndexFunc(all, func(p *pair) bool { return p.Fingerprint() == fingerprint })])
	}
	return out
}

// TestWorldsDifferFromOpenSSLOnlyByName puts every difference from the installed
// OpenSSL into a class that was shown to be its cause, and counts them.
func TestWorldsDifferFromOpenSSLOnlyByName(t *testing.T) {
	count := map[string]int{}
	for seed := range uint64(500) {
		w := randomWorld(seed, seed%3 == 0)
		if _, ok := openssl(t, w.chain, w.anchors); !ok {
			return
		}
		v := certificate.Judge(certtest.Chain(w.chain...), set(w.anchors...), set(w.known...))
		class, detail := opensslDifference(t, w, v)
		if class == "" {
			t.Errorf("world %d: a difference without a name: %s", seed, detail)
		}
		count[class]++
	}
	t.Log(count)
	for _, class := range []string{agrees, partial, onePath, wildcard, commonName, anyPurpose, selfIssued} {
		if count[class] == 0 {
			t.Errorf("class %q was not met: the worlds are too tame", class)
		}
	}
}

// TestOpenSSLRulesDifferOnlyByName holds JudgeOpenSSL beside the installed OpenSSL:
// it knows where OpenSSL ends a path, and differs by the other classes alone.
func TestOpenSSLRulesDifferOnlyByName(t *testing.T) {
	const some = 200
	count := map[string]int{}
	for seed := range uint64(some) {
		w := randomWorld(seed, false)
		number, ok := openssl(t, w.chain, w.anchors)
		if !ok {
			return
		}
		v := certificate.JudgeOpenSSL(certtest.Chain(w.chain...), set(w.anchors...), set(w.known...))
		class := rulesDifference(t, w, v, number)
		if class == "" {
			t.Errorf("world %d: a difference without a name: JudgeOpenSSL says %v %s, openssl %q", seed, v.OK, v.Detail, number)
		}
		count[class]++
	}
	t.Log(count)
	if count[agrees] < some*85/100 {
		t.Errorf("%d of %d verdicts agree", count[agrees], some)
	}
}

// rulesDifference names the difference between JudgeOpenSSL's verdict and OpenSSL's.
func rulesDifference(t *testing.T, w world, v evidence.ChainVerdict, number string) string {
	t.Helper()
	switch {
	case v.OK == (number == ""):
		return agrees
	case !v.OK && v.Reason == "name_constraint" && strings.Contains(v.Detail, `"*.`):
		return wildcard
	}
	class := ""
	for _, path := range v.Paths {
		pairs := w.pairs(path)
		again, _ := opensslWith(t, pairs[:max(1, len(pairs)-1)], pairs[len(pairs)-1:], "-no_check_time")
		if of := pathClass(pairs, again); class == "" || class == onePath {
			class = of
		}
	}
	return class
}
