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
// one of its domain vouches for it: a CA that another domain has configured for it, or
// else, when that is asked for, the one that the registry presents.
func (p *planner) anchors(rep *report.Report) {
	for i := range rep.Results {
		r := &rep.Results[i]
		if r.ID != idAnchored || r.Verdict != report.Fail {
			continue
		}
		if err := p.anchor(r, rep); err != nil {
			p.problems = append(p.problems, Problem{r.ID, r.Message, err.Error(), r.Remediation})
		}
	}
}

func (p *planner) anchor(r *report.Result, rep *report.Report) error {
	endpoint := p.doc.Endpoints[r.Subject["name"]]
	chain, ok := endpoint.Chains[r.Subject["chain"]]
	if !ok {
		return errNotThere
	}
	domain := r.Subject["domain"]
	if chain.Verdicts[p.doc.Domains[domain].TrustStore].Reason == omitsIntermediate {
		return nil // it is the server that is to be repaired
	}
	fingerprint, notes := p.elsewhere(domain, chain)
	if fingerprint == "" {
		if !p.opt.CAFromRegistry {
			return nil
		}
		var err error
		if fingerprint, err = p.topOf(chain); err != nil {
			return err
		}
		notes = p.presentedNotes(fingerprint, r.Subject["name"])
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
	place.what = "the CA"
	var repair *Repair
	if domain == evidence.DomainSupervisor {
		repair, err = p.appendTo(place, ca.PEM)
	} else {
		repair, err = p.replace(place, []string{ca.PEM})
	}
	if err != nil {
		return err
	}
	repair.Notes = notes
	p.add(repair, append([]*report.Result{r}, sameCause(rep, r)...)...)
	return nil
}

// sameCause are the other findings that a registry's CA is missing in a domain.
func sameCause(rep *report.Report, r *report.Result) []*report.Result {
	var out []*report.Result
	for i := range rep.Results {
		other := &rep.Results[i]
		if other.ID == "RT-CFG-019" && other.Verdict == report.Fail && r.Subject["domain"] == evidence.DomainSupervisor && other.Subject["name"] == r.Subject["name"] {
			out = append(out, other)
		}
	}
	return out
}

// elsewhere is a CA that another domain has configured and that a chain leads to.
func (p *planner) elsewhere(domain string, chain evidence.Chain) (fingerprint string, notes []string) {
	for _, name := range slices.Sorted(maps.Keys(p.doc.Domains)) {
		if name == domain {
			continue
		}
		for _, path := range chain.Verdicts[p.doc.Domains[name].TrustStore].Paths {
			top := path[len(path)-1]
			ca := p.doc.Certificates[top]
			for _, key := range p.doc.Views.TrustByCertificate[top] {
				e := p.doc.Trust[key]
				if e.Domain != name || e.AppliesToNone || !ca.IsCA || ca.PEM == "" {
					continue
				}
				return top, []string{
					fmt.Sprintf("the CA that %s has configured for the %s domain, and that the chain leads to: %s", nameOf(e), name, ca.Subject),
					"sha256 " + colons(top),
				}
			}
		}
	}
	return "", nil
}

// presentedNotes tell whose word a CA from a registry is.
func (p *planner) presentedNotes(fingerprint, endpoint string) []string {
	ca := p.doc.Certificates[fingerprint]
	notes := []string{
		fmt.Sprintf("the CA that %s presents: %s", endpoint, ca.Subject),
		"sha256 " + colons(fingerprint),
		"it came over the very connection that is not trusted yet: COMPARE THE FINGERPRINT with its owner before you apply this",
	}
	if !ca.SelfIssued {
		notes = append(notes, fmt.Sprintf("it is an intermediate, issued by %s: enough until the registry changes its issuer; the root would outlast that", ca.Issuer))
	}
	return notes
}

// appendTo puts a CA behind those of a bundle, whose text stays as it is.
func (p *planner) appendTo(at *place, ca string) (*Repair, error) {
	if _, err := certificatesOf(at.raw); err != nil {
		return nil, err
	}
	if at.layers != 0 || at.secret != nil {
		return nil, fmt.Errorf("the bundle is encoded: append the CA by hand")
	}
	return &Repair{
		Of:      nameOf(at.entry),
		Does:    fmt.Sprintf("append the CA to %s; what is there stays", at.entry.Field),
		changes: []change{{at.object, []Edit{SetScalar{at.field, strings.TrimRight(at.raw, "\n") + "\n" + ca}}}},
	}, nil
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
		return "", fmt.Errorf("the registry presents no CA, only its own certificate: ask whoever issued it for the CA's file")
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
