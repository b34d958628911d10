package repair

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const idAnchored = "RT-XEV-003"

// errLater puts a change off to the next round: another one is made there first.
var errLater = errors.New("another change is made there first")

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
	repair, err := p.trust(domain, p.doc.Certificates[fingerprint].PEM)
	if errors.Is(err, errLater) {
		return nil
	}
	if err != nil {
		return err
	}
	repair.Notes = notes
	p.add(repair, append([]*report.Result{r}, sameCause(rep, r)...)...)
	return nil
}

// trust puts a CA into a domain's configuration: behind those of a bundle, in the place
// of an entry that no registry needs, or beside the entries that are there. In one
// place one CA is put at a time; the next one is planned anew.
func (p *planner) trust(domain, ca string) (*Repair, error) {
	key, idle, err := p.unfit(domain)
	if err != nil {
		return nil, err
	}
	place, err := p.placeOf(key, p.doc.Trust[key])
	if err != nil {
		return nil, err
	}
	if slices.Contains(p.placed, key) {
		return nil, errLater
	}
	p.placed = append(p.placed, key)
	place.what = "the CA"
	switch {
	case domain != evidence.DomainWorkload:
		return p.appendTo(place, ca)
	case idle && len(place.sharers) == 0:
		return p.replace(place, []string{ca})
	default:
		return p.beside(place, ca)
	}
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

// unfit is the entry of a domain that a CA is to be put at, and whether it may make
// room: it is the only one that no registry needs.
func (p *planner) unfit(domain string) (key string, idle bool, err error) {
	needed := map[string]bool{}
	for _, e := range p.doc.Endpoints {
		for _, chain := range e.Chains {
			for _, path := range chain.Verdicts[p.doc.Domains[domain].TrustStore].Paths {
				needed[path[len(path)-1]] = true
			}
		}
	}
	var all, unneeded []string
	for _, key := range slices.Sorted(maps.Keys(p.doc.Trust)) {
		e := p.doc.Trust[key]
		if e.Domain != domain || e.AppliesToNone || e.Value == nil || len(e.Value.Certificates) == 0 {
			continue
		}
		all = append(all, key)
		if !slices.ContainsFunc(e.Value.Certificates, func(f string) bool { return needed[f] }) {
			unneeded = append(unneeded, key)
		}
	}
	switch {
	case len(all) == 0 && domain == evidence.DomainSupervisor:
		return "", false, errors.New("the ConfigMap kube-system/image-fetcher-ca-bundle is not in the files, or holds no CA: save it with kubectl -n kube-system get configmap image-fetcher-ca-bundle -o yaml, and name it, too")
	case len(all) == 0:
		return "", false, errors.New("no entry of the configuration holds a CA, beside which this one could be put: add the first one by hand")
	case len(unneeded) == 1:
		return unneeded[0], true, nil
	default:
		return all[0], false, nil
	}
}

// colons writes a fingerprint as OpenSSL and browsers do.
func colons(fingerprint string) string {
	var pairs []string
	for pair := range slices.Chunk([]byte(strings.ToUpper(fingerprint)), 2) {
		pairs = append(pairs, string(pair))
	}
	return strings.Join(pairs, ":")
}
