package certificate_test

import (
	"slices"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// A hostile node or registry may hold thousands of certificates that bear one CA's
// name. What they cost a judgement must not grow with them, and the right one must
// be found among them.
func TestHostileNamesakes(t *testing.T) {
	const few, many = 100, 1500
	m := certtest.New(at)
	root := m.Root("CA")
	leaf := certtest.Chain(root.Leaf("harbor.corp.example"))
	namesakes := make([]*pair, 0, many)
	for range many {
		namesakes = append(namesakes, m.Root("CA"))
	}
	other := set(m.Root("Other CA"))

	if v := certificate.Judge(leaf, set(append(namesakes, root)...), nil); !v.OK {
		t.Errorf("a trusted root among namesakes: %s %s", v.Reason, v.Detail)
	}
	v := certificate.Judge(leaf, other, set(append(namesakes, root)...))
	if v.Reason != "root_absent" || !slices.Equal(v.Candidates, []string{root.Fingerprint()}) {
		t.Errorf("a known root among namesakes: %s %v, want %s", v.Reason, v.Candidates, root.Fingerprint())
	}
	if v := certificate.Judge(leaf, set(namesakes...), nil); v.Reason != "issuer_rekeyed" || len(v.Candidates) != 8 {
		t.Errorf("namesakes alone are trusted: %s %v", v.Reason, v.Candidates)
	}

	// What is looked at is allocated: the number says it on a machine of any speed.
	cost := func(n int) float64 {
		held := set(namesakes[:n]...)
		return testing.AllocsPerRun(1, func() {
			certificate.Judge(leaf, held, nil)
			certificate.JudgeOpenSSL(leaf, held, nil)
			certificate.Judge(leaf, other, held)
		})
	}
	if small, large := cost(few), cost(many); large > 3*small {
		t.Errorf("%d namesakes cost %.0f allocations, %d cost %.0f", few, small, many, large)
	} else {
		t.Logf("%d namesakes cost %.0f allocations, %d cost %.0f", few, small, many, large)
	}
}
