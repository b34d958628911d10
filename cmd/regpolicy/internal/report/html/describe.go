package html

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// describing puts a path in words.
type describing struct {
	*report.TrustPath
	wanted  *report.PathCertificate // the root that has to be trusted, as far as it is known
	omitted bool                    // an intermediate is missing before it
	broken  bool                    // the configuration does not hold it
	notes   []string
}

// root is the certificate that a store must hold; where all that is known of it is its
// name, it has no fingerprint.
func (d *describing) root() (wanted *report.PathCertificate, omitted bool) {
	for i := range d.Stores {
		if a := d.Stores[i].Anchor; a != nil && !slices.ContainsFunc(d.Certificates, func(c report.PathCertificate) bool { return c.Fingerprint == a.Fingerprint }) {
			return a, false
		}
	}
	for i := range d.Stores {
		s := &d.Stores[i]
		if s.OK || s.Issuer == "" {
			continue
		}
		for j := range s.Candidates {
			if c := &s.Candidates[j]; c.SelfIssued && c.Issuer == s.Issuer && s.Reason == "root_absent" {
				return c, false
			}
		}
	}
	for i := range d.Stores {
		if s := &d.Stores[i]; !s.OK && s.Issuer != "" {
			return &report.PathCertificate{CommonName: commonName(s.Issuer), Issuer: s.Issuer}, s.Reason == "server_omits_intermediate"
		}
	}
	return nil, false
}

func (d *describing) chain() []box {
	var out []box
	for i := range d.Certificates {
		c := &d.Certificates[i]
		b := box{state: "plain", kicker: say("intermediate"), title: c.CommonName, in: way{state: "ok", label: say("signed by")}}
		switch {
		case i == 0:
			b.kicker, b.in = say("server certificate"), way{}
			if d.NameReason != "" {
				b.state = "broken"
				b.lines = append(b.lines, boxLine{"broken", reason(d.NameReason)})
			}
		case c.SelfIssued:
			b.kicker = say("root, sent along")
		}
		if c.Expired {
			b.state = "broken"
			b.lines = append(b.lines, boxLine{"broken", say("expired on", day(c.NotAfter))})
		} else {
			b.lines = append(b.lines, boxLine{"", say("valid until", day(c.NotAfter))})
		}
		b.lines = append(b.lines, boxLine{"mono", c.Fingerprint})
		out = append(out, b)
	}
	last := len(d.Certificates) - 1
	if d.wanted == nil || last >= 0 && d.Certificates[last].SelfIssued {
		return out
	}
	b := box{state: "missing", kicker: say("root, to be trusted"), title: d.wanted.CommonName, in: way{state: "ok", label: say("signed by")}}
	if d.omitted {
		b.state, b.kicker = "broken", say("issuer, not sent")
		b.in = way{state: "broken", label: say("not sent")}
	}
	if d.wanted.Fingerprint != "" {
		b.lines = append(b.lines, boxLine{"mono", d.wanted.Fingerprint})
	}
	return append(out, b)
}

func (d *describing) configured() []box {
	var out []box
	if d.Public {
		out = append(out, box{state: "ok", kicker: say("public roots"), title: say("Mozilla's root programme"), in: way{state: "ok"}})
	}
	forNodes := d.Public
	for i := range d.Stores {
		s := &d.Stores[i]
		if s.Kind != report.StoreConfigured {
			continue
		}
		forNodes = forNodes || reachesNodes(s.Domain)
		if len(out) == shownDomains {
			d.notes = append(d.notes, say("more domains"))
			break
		}
		out = append(out, d.domain(s))
	}
	if !forNodes {
		out = append(out, box{state: "idle", kicker: say("trust domain"), title: say("of the nodes"), lines: []boxLine{{"", say("not looked at")}}, in: way{state: "idle"}})
	}
	return out
}

// domain is a trust domain, and its entries.
func (d *describing) domain(s *report.PathStore) box {
	b := box{state: "ok", kicker: say("trust domain"), title: s.Domain, in: way{state: "ok"}}
	switch {
	case s.OK:
	case d.Public || d.omitted:
		b.state, b.in = "idle", way{state: "idle"}
	default:
		b.state, b.in = "broken", way{state: "broken", label: d.whyNotConfigured(s)}
	}
	d.broken = d.broken || !s.OK && !d.Public && reachesNodes(s.Domain)
	shown := s.Entries[:min(len(s.Entries), shownLines)]
	for i := range shown {
		b.lines = append(b.lines, d.entry(&shown[i])...)
		if b.state == "ok" && misencoded(&shown[i]) {
			b.state = "warned"
		}
	}
	if more := s.MoreEntries + len(s.Entries) - len(shown); more > 0 {
		b.lines = append(b.lines, boxLine{"", say("more entries", number(more))})
	}
	if len(s.Entries) == 0 {
		b.lines = append(b.lines, boxLine{"", say("no entry")})
	}
	return b
}

func reachesNodes(domain string) bool { return domain == "workload" || domain == "openshift" }

func (d *describing) whyNotConfigured(s *report.PathStore) string {
	for i := range s.Entries {
		if s.Entries[i].Reason != "" && s.Anchors == 0 {
			return reason(s.Entries[i].Reason)
		}
	}
	if s.Reason == "root_absent" {
		return say("another CA is configured")
	}
	return reason(s.Reason)
}

func (d *describing) entry(e *report.PathEntry) []boxLine {
	out := []boxLine{{"strong", e.Label}}
	switch {
	case e.Reason != "":
		return append(out, boxLine{"broken", reason(e.Reason)})
	case misencoded(e):
		out = append(out, boxLine{"broken", say("layers", *e.Layers, orList(e.Expected))})
	case e.AppliesToNone:
		out = append(out, boxLine{"broken", say("no cluster reads it")})
	}
	for i := range e.Certificates {
		if i == 1 {
			out = append(out, boxLine{"", say("more certificates", number(len(e.Certificates)-1))})
			break
		}
		out = append(out, d.held(&e.Certificates[i]))
	}
	return out
}

// held is a certificate that somebody trusts: the root that is wanted, or another.
func (d *describing) held(c *report.PathCertificate) boxLine {
	switch {
	case c.Expired:
		return boxLine{"broken", say("holds, expired", c.CommonName)}
	case d.wanted != nil && d.wanted.Fingerprint == c.Fingerprint:
		return boxLine{"ok", say("holds", c.CommonName)}
	case d.wanted != nil && d.wanted.CommonName == c.CommonName && d.wanted.Fingerprint != "":
		return boxLine{"broken", say("holds, another key", c.CommonName)}
	}
	return boxLine{"", say("holds", c.CommonName)}
}

func misencoded(e *report.PathEntry) bool {
	return e.Layers != nil && len(e.Expected) > 0 && !slices.Contains(e.Expected, *e.Layers)
}

func (d *describing) nodes() []box {
	var out []box
	left := d.MoreStores
	for i := range d.Stores {
		s := &d.Stores[i]
		if s.Kind != report.StoreNodes {
			continue
		}
		if len(out) == shownStores {
			left++
			continue
		}
		b := box{state: "ok", kicker: say("store of", number(s.Anchors)), title: nodesOf(s), in: way{state: "ok"}}
		if !s.OK {
			b.state, b.in = "broken", way{state: "broken", label: d.whyNotOnNodes(s)}
			if d.omitted || d.broken {
				b.in = way{state: "idle"}
			}
		}
		if s.Nodes > 1 {
			b.lines = append(b.lines, boxLine{"", strings.Join(s.NodeNames, ", ")})
		}
		for j := range s.Files {
			if j == shownLines/2 {
				b.lines = append(b.lines, boxLine{"", say("more files", number(len(s.Files)-j+s.MoreFiles))})
				break
			}
			b.lines = append(b.lines, d.file(&s.Files[j])...)
		}
		if len(s.Files) == 0 {
			b.lines = append(b.lines, boxLine{"", say("no trust file")})
		}
		if s.OK {
			b.lines = append(b.lines, boxLine{"ok", say("chain verifies")})
		} else {
			b.lines = append(b.lines, boxLine{"broken", say("chain does not verify")})
		}
		out = append(out, b)
	}
	if left > 0 {
		d.notes = append(d.notes, say("more stores", number(left)))
	}
	if len(out) == 0 {
		out = append(out, box{state: "idle", kicker: say("nodes"), title: say("not looked at"), in: way{state: "idle"}})
	}
	return out
}

func nodesOf(s *report.PathStore) string {
	if s.Nodes == 1 && len(s.NodeNames) == 1 {
		return s.NodeNames[0]
	}
	return say("n nodes", number(s.Nodes))
}

func (d *describing) whyNotOnNodes(s *report.PathStore) string {
	for i := range s.Files {
		if f := &s.Files[i]; f.Entry != "" && (strings.HasPrefix(f.Form, "base64") || f.Form == "broken_pem" || f.Form == "empty") {
			return reason(f.Form)
		}
	}
	if s.Reason == "root_absent" && !slices.ContainsFunc(s.Files, func(f report.PathFile) bool { return f.Entry != "" }) {
		return say("the CA file is missing")
	}
	return reason(s.Reason)
}

func (d *describing) file(f *report.PathFile) []boxLine {
	out := []boxLine{{"strong", path.Base(f.Path)}}
	switch {
	case f.Status != "ok":
		return append(out, boxLine{"broken", reason(f.Status)})
	case f.Form != "pem":
		return append(out, boxLine{"broken", reason(f.Form)})
	}
	for i := range f.Certificates {
		if i == 1 {
			out = append(out, boxLine{"", say("more certificates", number(len(f.Certificates)-1))})
			break
		}
		out = append(out, d.held(&f.Certificates[i]))
	}
	return out
}

func commonName(rfc4514 string) string {
	for part := range strings.SplitSeq(rfc4514, ",") {
		if cn, ok := strings.CutPrefix(part, "CN="); ok {
			return cn
		}
	}
	return rfc4514
}

func orList(numbers []int) string {
	words := make([]string, 0, len(numbers))
	for _, n := range numbers {
		words = append(words, fmt.Sprint(n))
	}
	return cmp.Or(strings.Join(words, " or "), "none")
}
