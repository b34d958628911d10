package repair

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const idAnchored = "RT-XEV-003"

// anchors trusts the CA of the chain that a registry presents, where no configured
// one vouches for it.
func (p *planner) anchors(rep *report.Report) {
	for i := range rep.Results {
		r := &rep.Results[i]
		if r.ID != idAnchored || r.Verdict != report.Fail {
			continue
		}
		if err := p.anchor(r); err != nil {
			p.problems = append(p.problems, Problem{r.ID, r.Message, err.Error(), r.Remediation})
		}
	}
}

func (p *planner) anchor(r *report.Result) error {
	endpoint := p.doc.Endpoints[r.Subject["name"]]
	chain, ok := endpoint.Chains[r.Subject["chain"]]
	if !ok {
		return errNotThere
	}
	domain := r.Subject["domain"]
	for _, v := range chain.Verdicts {
		if v.Reason == "server_omits_intermediate" {
			return fmt.Errorf("the registry does not send its intermediate: nothing in the cluster repairs that, the server must send it")
		}
	}
	fingerprint, err := p.topOf(chain)
	if err != nil {
		return err
	}
	ca := p.doc.Certificates[fingerprint]
	key, e, err := p.unfit(domain)
	if err != nil {
		return err
	}
	place, err := p.placeOf(key, e)
	if err != nil {
		return err
	}
	if len(place.sharers) > 0 {
		return fmt.Errorf("several clusters take their CA from key %q: put the new one under a key of its own by hand", e.Secret.Key)
	}
	certs := []string{ca.PEM}
	if domain == evidence.DomainSupervisor {
		held, err := certificatesOf(place.raw)
		if err != nil {
			return err
		}
		certs = append(held, ca.PEM) // what is there stays
	}
	repair, err := p.replace(place, certs)
	if err != nil {
		return err
	}
	repair.Notes = []string{
		fmt.Sprintf("the CA that %s presents: %s", r.Subject["name"], ca.Subject),
		"sha256 " + colons(fingerprint),
		"it came over the very connection that is not trusted yet: compare the fingerprint by another way before you apply this",
	}
	p.add(repair, r)
	return nil
}

// topOf is the CA of a presented chain that is nearest to the root.
func (p *planner) topOf(chain evidence.Chain) (string, error) {
	top := ""
	for _, fingerprint := range chain.Certificates {
		c := p.doc.Certificates[fingerprint]
		if c.IsCA && c.PEM != "" && (top == "" || p.doc.Certificates[top].Issuer == c.Subject) {
			top = fingerprint
		}
	}
	if top == "" {
		return "", fmt.Errorf("the registry presents no CA, only its own certificate: ask who issued it for the CA's file")
	}
	return top, nil
}

// unfit is the entry of a domain that is to make room: the only one, the only one
// that is no CA, or the only one that no registry needs.
func (p *planner) unfit(domain string) (string, evidence.TrustEntry, error) {
	needed := map[string]bool{}
	for _, e := range p.doc.Endpoints {
		for _, chain := range e.Chains {
			for _, path := range chain.Verdicts[p.doc.Domains[domain].TrustStore].Paths {
				needed[path[len(path)-1]] = true
			}
		}
	}
	var all, leaves, idle []string
	for _, key := range slices.Sorted(maps.Keys(p.doc.Trust)) {
		e := p.doc.Trust[key]
		if e.Domain != domain || e.AppliesToNone || e.Value == nil || len(e.Value.Certificates) == 0 {
			continue
		}
		all = append(all, key)
		isNeeded := func(f string) bool { return needed[f] }
		isCA := func(f string) bool { return p.doc.Certificates[f].IsCA }
		if !slices.ContainsFunc(e.Value.Certificates, isCA) {
			leaves = append(leaves, key)
		}
		if !slices.ContainsFunc(e.Value.Certificates, isNeeded) {
			idle = append(idle, key)
		}
	}
	for _, set := range [][]string{leaves, all, idle} {
		if len(set) == 1 {
			return set[0], p.doc.Trust[set[0]], nil
		}
	}
	return "", evidence.TrustEntry{}, fmt.Errorf("which of %d entries the CA is to replace cannot be told: add it by hand", len(all))
}

// colons writes a fingerprint as OpenSSL and browsers do.
func colons(fingerprint string) string {
	var pairs []string
	for pair := range slices.Chunk([]byte(strings.ToUpper(fingerprint)), 2) {
		pairs = append(pairs, string(pair))
	}
	return strings.Join(pairs, ":")
}
